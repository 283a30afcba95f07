"""The six operations beside POST /send: their requests, their shapes, kept connections and failures."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pec.api.client import Mailbox, PecClient, Quota
from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited, Unreachable
from tests.integration.pec.api.clients import PASSWORD, TOKEN, Connect, at_once
from tests.wire import Peer, Wire, answering, eventually

CODE = "2020082610003492"
ITEM = {
    "sender": "posta-certificata@pecmassiva.com",
    "recipient": "me@pec.example",
    "data": "Wed, 26 Aug 2020 10:00:35 +0200",
    "object": f"ACCETTAZIONE: Invio {CODE}",
    "message": "Ricevuta",
}
FOUND = {"data": [ITEM], "success": True, "message": ""}
DONE = {"success": True, "message": "Operation succefull"}
QUOTA = {"data": {"usage": 171012, "limit": 1048576}, "success": True, "message": ""}
PAGE = {"data": [ITEM | {"id": 1}], "success": True, "total": 981, "page": 39, "n_of_pages": 39}
Call = Callable[[PecClient, Mailbox], Any]

OPERATIONS: dict[str, tuple[Call, str, str, dict[str, Any]]] = {
    "receipts": (lambda client, box: client.receipts(box, CODE), "GET", f"/send/{CODE}", FOUND),
    "odd code": (lambda client, box: client.receipts(box, "a/b?c"), "GET", "/send/a%2Fb%3Fc", FOUND),
    "delete receipts": (
        lambda client, box: client.delete_receipts(box, CODE),
        "DELETE",
        f"/send/{CODE}",
        DONE,
    ),
    "inbox": (lambda client, box: client.inbox(box), "GET", "/inbox", PAGE),
    "search": (
        lambda client, box: client.inbox(box, "[rif. 7K2QX] & è"),
        "GET",
        "/inbox?q=%5Brif.+7K2QX%5D+%26+%C3%A8",
        PAGE,
    ),
    "page": (lambda client, box: client.inbox(box, page=0), "GET", "/inbox?page=0", PAGE),
    "message": (
        lambda client, box: client.inbox_message(box, 3),
        "GET",
        "/inbox/3",
        {"data": ITEM, "success": True},
    ),
    "delete message": (lambda client, box: client.delete_inbox_message(box, 3), "DELETE", "/inbox/3", DONE),
    "quota": (lambda client, box: client.quota(box), "GET", "/quota/inbox", QUOTA),
}
READS = ["receipts", "inbox", "message", "quota"]
DELETES = ["delete receipts", "delete message"]
every_operation = pytest.mark.parametrize("name", OPERATIONS)


@every_operation
def test_each_operation_asks_as_the_vendor_documents(connect: Connect, mailbox: Mailbox, name: str) -> None:
    call, method, target, envelope = OPERATIONS[name]
    with Wire(answering(200, envelope)) as wire:
        call(connect(wire.url), mailbox)
    [request] = wire.requests
    assert (request.method, request.target, request.body) == (method, target, b"")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-username"] == mailbox.username
    assert request.headers["x-password"].encode("latin-1").decode("utf-8") == PASSWORD


def test_answers_come_in_our_shape(connect: Connect, mailbox: Mailbox) -> None:
    at = datetime(2020, 8, 26, 8, 0, 35, tzinfo=UTC)
    with Wire(answering(200, FOUND)) as wire:
        [mail] = connect(wire.url).receipts(mailbox, CODE)
    assert (mail.date, mail.subject, mail.text) == (at, f"ACCETTAZIONE: Invio {CODE}", "Ricevuta")
    with Wire(answering(200, PAGE)) as wire:
        page = connect(wire.url).inbox(mailbox)
    assert (page.page, page.total, page.pages, page.mails[0][0]) == (39, 981, 39, 1)
    with Wire(answering(200, QUOTA)) as wire:
        assert connect(wire.url).quota(mailbox) == Quota(171012, 1048576)


def test_a_message_of_the_inbox_is_form_decoded(connect: Connect, mailbox: Mailbox) -> None:
    envelope = {"success": True, "data": {"object": "s", "body": "Citt%C3%A0+%2B+altro"}}
    with Wire(answering(200, envelope)) as wire:
        assert connect(wire.url).inbox_message(mailbox, 3).text == "Città + altro"


def test_bytes_that_are_not_utf_8_are_borne_with(connect: Connect, mailbox: Mailbox) -> None:
    envelope = json.dumps(FOUND).encode().replace(b"Ricevuta", b"\xe8 arrivata")
    with Wire(answering(200, envelope)) as wire:
        assert connect(wire.url).receipts(mailbox, CODE)[0].text == "\ufffd arrivata"


@every_operation
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, OutcomeUnknown),
        (204, OutcomeUnknown),
        (302, OutcomeUnknown),
        (400, Invalid),
        (401, Denied),
        (402, Denied),
        (403, Denied),
        (404, NotFound),
        (429, RateLimited),
        (500, OutcomeUnknown),
    ],
)
def test_each_status_without_success_has_its_error(
    connect: Connect, mailbox: Mailbox, name: str, status: int, error: type[ApiError]
) -> None:
    refusal = b"" if status == 204 else b'{"success": false, "message": "no"}'
    with Wire(answering(status, refusal, {"Location": "/"})) as wire:
        with pytest.raises(ApiError) as caught:
            OPERATIONS[name][0](connect(wire.url), mailbox)
        assert type(caught.value) is error
        assert len(wire.requests) == 1


def test_reads_keep_their_connection(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(answering(200, QUOTA)) as wire:
        client = connect(wire.url)
        for _ in range(5):
            client.quota(mailbox)
        assert wire.connections == 1
        client.close()
        eventually(lambda: wire.ended == 1)


def test_a_connection_is_kept_after_404_too(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(answering(404, {"success": False, "message": "Result empty"})) as wire:
        client = connect(wire.url)
        for _ in range(3):
            with pytest.raises(NotFound):
                client.receipts(mailbox, CODE)
        assert wire.connections == 1


def test_threads_share_a_client_but_no_connection(connect: Connect, mailbox: Mailbox) -> None:
    together = threading.Barrier(4)

    def script(peer: Peer) -> None:
        while True:
            name = peer.read().target.removeprefix("/quota/")
            together.wait(20)
            peer.answer(200, QUOTA | {"data": {"usage": int(name), "limit": 9}})

    usages: list[float] = []
    with Wire(script) as wire:
        client = connect(wire.url)
        threads = [
            threading.Thread(target=lambda name=str(number): usages.append(client.quota(mailbox, name).usage))
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        client.close()
        eventually(lambda: wire.ended == 4)
    assert sorted(usages) == [0, 1, 2, 3]


def test_a_call_under_way_when_the_client_closes_finishes_and_leaves_nothing_open(
    connect: Connect, mailbox: Mailbox
) -> None:
    asked, closed = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.read()
        asked.set()
        closed.wait(20)
        peer.answer(200, QUOTA)
        peer.read_to_the_end()

    usages: list[float] = []
    with Wire(script) as wire:
        client = connect(wire.url)
        thread = threading.Thread(target=lambda: usages.append(client.quota(mailbox).usage))
        thread.start()
        assert asked.wait(20)
        client.close()
        closed.set()
        thread.join(20)
        eventually(lambda: wire.ended == 1)
    assert usages == [171012]


class GoingStale:
    """Answers the first request of a connection, and ends it at the second without a word."""

    def __init__(self, ending: Callable[[Peer], object]) -> None:
        self.served = 0
        self._ending = ending

    def __call__(self, peer: Peer) -> None:
        self.served += 1
        if self.served > 1:
            answering(200, QUOTA)(peer)
        peer.read()
        peer.answer(200, QUOTA)
        peer.read()
        self._ending(peer)


@pytest.mark.parametrize("ending", [Peer.reset, lambda peer: None])
def test_a_get_on_a_connection_gone_stale_is_repeated_on_a_new_one(
    connect: Connect, mailbox: Mailbox, ending: Callable[[Peer], object]
) -> None:
    with Wire(GoingStale(ending)) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
        assert client.quota(mailbox) == Quota(171012, 1048576)
        assert (wire.connections, len(wire.requests)) == (2, 3)


def test_a_get_is_repeated_once_and_never_more(connect: Connect, mailbox: Mailbox) -> None:
    answers = iter([True])

    def script(peer: Peer) -> None:
        while True:
            peer.read()
            if not next(answers, False):
                return
            peer.answer(200, QUOTA)

    with Wire(script) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
        with pytest.raises(OutcomeUnknown) as caught:
            client.quota(mailbox)
        assert caught.value.code == "reset"
        assert (wire.connections, len(wire.requests)) == (2, 3)


@pytest.mark.parametrize("name", READS + DELETES)
def test_nothing_is_repeated_on_a_new_connection(connect: Connect, mailbox: Mailbox, name: str) -> None:
    with Wire(Peer.read) as wire:
        with pytest.raises(OutcomeUnknown):
            OPERATIONS[name][0](connect(wire.url), mailbox)
        assert (wire.connections, len(wire.requests)) == (1, 1)


@pytest.mark.parametrize("name", DELETES)
def test_a_delete_is_never_repeated_because_it_uses_no_kept_connection(
    connect: Connect, mailbox: Mailbox, name: str
) -> None:
    def script(peer: Peer) -> None:
        while peer.read().method == "GET":
            peer.answer(200, QUOTA)

    with Wire(script) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
        with pytest.raises(OutcomeUnknown):
            OPERATIONS[name][0](client, mailbox)
        assert (wire.connections, len(wire.requests)) == (2, 2)


def ended(wire: Wire, count: int) -> bool:
    return wire.ended == count


@pytest.mark.parametrize("name", DELETES)
def test_a_delete_leaves_no_connection_open(connect: Connect, mailbox: Mailbox, name: str) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.answer(200, {"success": True, "message": ""})
        with suppress(ConnectionError):
            peer.read()  # until the client hangs up

    with Wire(script) as wire:
        client = connect(wire.url)
        OPERATIONS[name][0](client, mailbox)
        eventually(partial(ended, wire, 1))


def test_a_connection_the_server_closed_in_peace_is_opened_again(connect: Connect, mailbox: Mailbox) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.answer(200, QUOTA)

    with Wire(script) as wire:
        client = connect(wire.url)
        for count in (1, 2, 3):
            client.quota(mailbox)
            eventually(partial(ended, wire, count))
        assert len(wire.requests) == 3


def test_a_connection_opened_again_counts_as_new_so_nothing_is_repeated(
    connect: Connect, mailbox: Mailbox
) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        if wire.connections == 1:
            peer.answer(200, QUOTA)

    with Wire(script) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
        eventually(partial(ended, wire, 1))
        with pytest.raises(OutcomeUnknown):
            client.quota(mailbox)
        assert (wire.connections, len(wire.requests)) == (2, 2)


def test_a_server_gone_since_the_last_read_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(answering(200, QUOTA)) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
    with pytest.raises(Unreachable) as caught:
        client.quota(mailbox)
    assert caught.value.code == "refused"


@pytest.mark.parametrize("kept", [False, True])
def test_a_read_that_drips_ends_at_its_deadline_and_is_not_repeated(
    connect: Connect, mailbox: Mailbox, kept: bool
) -> None:
    def script(peer: Peer) -> None:
        if kept:
            peer.read()
            peer.answer(200, QUOTA)
        peer.read()
        peer.say(b"HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")
        peer.drip(b" ", every_seconds=0.01)

    with Wire(script) as wire:
        client = connect(wire.url, timeout_seconds=0.3, connect_timeout_seconds=0.2)
        if kept:
            client.quota(mailbox)
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as caught:
            client.quota(mailbox)
        assert caught.value.code == "deadline"
        assert time.monotonic() - started < 15
        assert wire.connections == 1


def test_a_server_that_can_not_be_reached_says_so(connect: Connect, mailbox: Mailbox) -> None:
    with pytest.raises(Unreachable):
        connect("http://nobody.invalid").receipts(mailbox, CODE)


def test_half_a_character_in_a_search_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(answering(200, PAGE)) as wire:
        with pytest.raises(Unreachable) as caught:
            connect(wire.url).inbox(mailbox, "\ud800")
        assert caught.value.code == "garbled"
        assert wire.connections == 0


def test_a_url_that_cannot_be_used_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    with pytest.raises(Unreachable):
        connect("http://a..b").quota(mailbox)


def test_a_mailbox_whose_token_changes_sends_the_new_one(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(answering(200, QUOTA)) as wire:
        client = connect(wire.url)
        for token in ("old", "new"):
            client.quota(replace(mailbox, token=SecretStr(token)))
    assert [one.headers["authorization"] for one in wire.requests] == ["Bearer old", "Bearer new"]


def test_no_cookie_of_one_mailbox_reaches_another(connect: Connect, mailbox: Mailbox) -> None:
    other = Mailbox("b@pec.example", "b@pec.example", SecretStr("p"), SecretStr("t"))
    with Wire(answering(200, QUOTA, {"Set-Cookie": "PHPSESSID=1; Path=/"})) as wire:
        client = connect(wire.url)
        for box in (mailbox, other, mailbox):
            client.quota(box)
    assert not any("cookie" in request.headers for request in wire.requests)


def test_neither_proxies_nor_netrc_nor_bundles_of_the_environment_are_read(
    connect: Connect, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\ndefault login thief password thief\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nowhere")
    with Wire(answering(200, QUOTA | {"message_id": CODE})) as wire:
        client = connect(wire.url)
        client.quota(mailbox)
        client.send(mailbox, b"{}", at_once)
    assert [request.headers["authorization"] for request in wire.requests] == [f"Bearer {TOKEN}"] * 2
    assert [request.target for request in wire.requests] == ["/quota/inbox", "/send"]
