"""The client counts and times what really goes over a socket."""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import Api
from pec.api.client import Mailbox, Outgoing, encode
from pec.api.errors import ApiError
from pec.api.transport import CheckOpen
from tests.integration.pec.api.clients import at_once
from tests.wire import Wire, answering
from workers.metrics.counters import REGISTRY, MeteredClient
from workers.rate_limiter import NoSlot

SENT = {"success": True, "sent": 1, "message": "", "message_id": "2020082610003492"}
EMPTY = {"success": False, "message": "Result empty"}
RECEIPT = {
    "sender": "a@pec.example",
    "recipient": "b@pec.example",
    "subject": "ACCETTAZIONE: s 1",
    "body": None,
}
FOUND = {"success": True, "message": "", "data": [{**RECEIPT, "date": "2026-11-24 12:00:00"}]}
MAILBOX = Mailbox("me@pec.example", "me", SecretStr("password"), SecretStr("token"))
BODY = encode(Outgoing(MAILBOX.sender, ("you@pec.example",), "s", "b"), MAILBOX)


class Growth:
    """How much figures have grown since."""

    def __init__(self) -> None:
        self._before = self._now()

    def __call__(self, name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return self._now().get(key, 0.0) - self._before.get(key, 0.0)

    def of(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the counts by the values of the labels."""
        grown = {key: value - self._before.get(key, 0.0) for key, value in self._now().items()}
        return {
            tuple(value for _, value in labels): by
            for (metric, labels), by in grown.items()
            if metric == name and by
        }

    @staticmethod
    def _now() -> dict[Any, float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
        }


def made(status: int, body: Any, call: Callable[[MeteredClient], Any]) -> Growth:
    """How the figures grew by a call that gets this answer."""
    before = Growth()
    with Wire(answering(status, body)) as wire, closing(MeteredClient(Api(url=wire.url))) as client:
        with suppress(ApiError):
            call(client)
        return before


@pytest.mark.parametrize(
    ("status", "answer", "outcome", "kind"),
    [
        (201, SENT, "sent", None),
        (500, {"message": "MySQL Error 1"}, "uncertain", "unknown"),
        (201, {"success": True, "message_id": "550 no"}, "uncertain", "unknown"),
        (400, {"message": "no"}, "invalid", "invalid"),
        (401, {"message": "no"}, "denied", "denied"),
        (429, {"message": "no"}, "rate_limited", "rate_limited"),
    ],
)
def test_a_send_is_counted_once_by_its_outcome(
    status: int, answer: Any, outcome: str, kind: str | None
) -> None:
    grown = made(status, answer, lambda client: client.send(MAILBOX, BODY, at_once))

    assert grown.of("pec_sends_total") == {(outcome,): 1}
    assert grown.of("pec_api_errors_total") == ({(kind, "POST /send"): 1} if kind else {})
    assert grown("pec_api_seconds_count", operation="POST /send") == 1


def test_the_wait_for_a_slot_is_not_the_api_s_time() -> None:
    def wait(_: CheckOpen) -> None:
        ends = time.monotonic() + 0.3
        while (left := ends - time.monotonic()) > 0:
            time.sleep(left)

    started = time.monotonic()
    grown = made(201, SENT, lambda client: client.send(MAILBOX, BODY, wait))
    took = time.monotonic() - started

    assert 0 < grown("pec_api_seconds_sum", operation="POST /send") <= took - 0.3


def test_a_send_without_a_slot_is_given_back_and_takes_no_time_of_the_api() -> None:
    def no_turn(_: CheckOpen) -> None:
        raise NoSlot

    def send(client: MeteredClient) -> None:
        with pytest.raises(NoSlot):
            client.send(MAILBOX, BODY, no_turn)

    grown = made(201, SENT, send)

    assert grown.of("pec_sends_total") == {("given_back",): 1}
    assert grown("pec_api_seconds_count", operation="POST /send") == 0


def test_an_api_that_is_out_of_reach_is_counted() -> None:
    before = Growth()
    with closing(MeteredClient(Api(url="http://127.0.0.1:1"))) as client, pytest.raises(ApiError):
        client.send(MAILBOX, BODY, at_once)

    assert before.of("pec_sends_total") == {("unreachable",): 1}
    assert before.of("pec_api_errors_total") == {("unreachable", "POST /send"): 1}


@pytest.mark.parametrize(
    ("status", "answer", "outcome", "errors"),
    [
        (200, FOUND, "found", 0),
        (200, {"success": True, "message": "", "data": []}, "nothing", 0),
        (404, EMPTY, "nothing", 0),
        (500, EMPTY, "unreadable", 1),
    ],
)
def test_a_check_is_counted_by_what_it_showed(status: int, answer: Any, outcome: str, errors: int) -> None:
    grown = made(status, answer, lambda client: client.receipts(MAILBOX, "1"))

    assert grown.of("pec_receipt_checks_total") == {(outcome,): 1}
    assert sum(grown.of("pec_api_errors_total").values()) == errors
    assert grown("pec_api_seconds_count", operation="GET /send/{code}") == 1


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("DELETE /send/{code}", lambda client: client.delete_receipts(MAILBOX, "1")),
        ("GET /inbox", lambda client: client.inbox(MAILBOX, "q")),
        ("GET /inbox/{id}", lambda client: client.inbox_message(MAILBOX, 1)),
        ("DELETE /inbox/{id}", lambda client: client.delete_inbox_message(MAILBOX, 1)),
        ("GET /quota/{mailbox}", lambda client: client.quota(MAILBOX)),
    ],
)
def test_every_other_operation_is_timed_by_its_own_name(
    operation: str, call: Callable[[MeteredClient], Any]
) -> None:
    grown = made(401, {"message": "no"}, call)

    assert grown.of("pec_api_seconds_count") == {(operation,): 1}
    assert grown.of("pec_api_errors_total") == {("denied", operation): 1}
