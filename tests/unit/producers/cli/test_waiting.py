"""Why a message waits: the first cause that holds, with its remedy."""

from datetime import timedelta
from typing import Any

import pytest

from pec.messages import Message, Reason
from pec.names import Queue, State
from producers.cli.waiting import Surroundings, remedy_of_pause, why_it_waits
from tests.unit.producers.cli.builders import NOW, message

SOON = NOW + timedelta(seconds=30)
WALLET = Reason("wallet", "the wallet is empty")


def why(one: Message, **around: Any) -> str:
    return why_it_waits(one, Surroundings(now=NOW, **around))


@pytest.mark.parametrize(
    ("around", "words"),
    [
        ({"position": 4, "seconds_to_send": 5.0}, "4 of its account go before it, about 5 s"),
        ({"position": 0}, "0 of its account go before it"),
        ({"paused": WALLET, "position": 0}, "the wallet is empty: top up the wallet"),
        ({"account_served": False, "position": 0}, "no live worker serves account acme"),
        ({"queues_served": frozenset({Queue.CHECK}), "position": 0}, "consumes the queue send"),
        ({"api_failures": 3, "position": 0}, "3 times in a row"),
        ({"due": {Queue.RELEASE: SOON}}, "it is tried again in 30 s"),
    ],
)
def test_a_queued_message_says_what_it_waits_for(around: dict[str, Any], words: str) -> None:
    assert words in why(message(), **around)


def test_its_time_comes_before_every_other_cause() -> None:
    assert "before 2026-11-24T12:00:30" in why(message(not_before=SOON), paused=WALLET)


def test_two_failures_do_not_open_the_circuit() -> None:
    assert "in a row" not in why(message(), api_failures=2, position=0)


def test_a_message_given_back_says_why() -> None:
    given_back = message(reason=Reason("unreachable", "the API was out of reach"))

    assert why(given_back, due={Queue.RELEASE: SOON}) == "the API was out of reach; it is tried again in 30 s"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.SENDING, "a worker has claimed it: its answer is awaited"),
        (State.SENT, "ACCETTAZIONE is awaited; the mailbox is asked again in 30 s"),
        (State.ACCEPTED, "CONSEGNA is awaited; the mailbox is asked again in 30 s"),
        (State.DELAYED, "CONSEGNA is awaited; the mailbox is asked again in 30 s"),
        (State.DELIVERED, "delivered"),
    ],
)
def test_a_message_on_its_way_says_what_is_awaited(state: State, words: str) -> None:
    assert why(message(state), due={Queue.CHECK: SOON}) == words


def test_a_check_that_nobody_makes_is_told() -> None:
    assert "consumes the queue check" in why(message(State.SENT), queues_served=frozenset())


def test_a_held_message_says_what_an_operator_can_do() -> None:
    held = message(State.HELD, reason=Reason("not_found", "not found: `pec resend inv-1`"))

    assert "pec resend inv-1" in why(held)


def test_an_end_says_its_reason() -> None:
    assert (
        why(message(State.UNDELIVERED, reason=Reason("no", "there is no such mailbox")))
        == "there is no such mailbox"
    )


@pytest.mark.parametrize(
    "code", ["credentials", "wallet", "scope", "mailbox_full", "operator", "something new"]
)
def test_every_pause_has_a_remedy_that_names_the_account(code: str) -> None:
    assert "pec resume acme" in remedy_of_pause("acme", Reason(code, ""))
