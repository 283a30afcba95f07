"""POST /send over a real socket: one request, written after the gate, and an answer that is understood."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from pec.api.client import Attachment, Mailbox, Outgoing, encode
from pec.api.errors import ApiError, Denied, Invalid, OutcomeUnknown, RateLimited
from pec.api.transport import CheckOpen
from tests.integration.pec.api.clients import PASSWORD, TOKEN, Connect, at_once
from tests.wire import CERTIFICATE, Peer, Wire, answering, eventually

SENT = {"success": True, "sent": 1, "message": "", "message_id": "2020082610003492"}


@pytest.fixture
def body(mailbox: Mailbox) -> bytes:
    return encode(Outgoing(mailbox.sender, ("you@pec.example",), "Città", "<b>è</b>"), mailbox)


def test_the_code_comes_back(connect: Connect, mailbox: Mailbox, body: bytes) -> None:
    with Wire(answering(201, SENT)) as wire:
        assert connect(wire.url).send(mailbox, body, at_once) == "2020082610003492"


def test_the_request_is_what_the_vendor_documents(connect: Connect, mailbox: Mailbox, body: bytes) -> None:
    with Wire(answering(201, SENT)) as wire:
        connect(wire.url).send(mailbox, body, at_once)
    [request] = wire.requests
    assert (request.method, request.target) == ("POST", "/send")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "sender": "me@pec.example",
        "recipient": "you@pec.example",
        "subject": "Città",
        "body": "<b>è</b>",
        "username": "me@pec.example",
        "password": PASSWORD,
    }


def test_thirty_megabytes_arrive_whole(connect: Connect, mailbox: Mailbox) -> None:
    attachment = Attachment("a.pdf", bytes(range(256)) * 88_000)
    body = encode(Outgoing("me@pec.example", ("you@pec.example",), "s", "b", (attachment,)), mailbox)
    with Wire(answering(201, SENT)) as wire:
        connect(wire.url).send(mailbox, body, at_once)
    assert wire.requests[0].body == body


@pytest.mark.parametrize("tls", [False, True])
def test_the_gate_opens_once_with_the_connection_made_and_nothing_written(
    connect: Connect, mailbox: Mailbox, body: bytes, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    first_byte = threading.Event()
    calls = []

    def script(peer: Peer) -> None:
        peer.read()
        first_byte.set()
        peer.answer(201, SENT)

    def gate(_: CheckOpen) -> None:
        eventually(lambda: wire.connections == 1)
        calls.append(first_byte.wait(0.1) or wire.bytes_received)

    with Wire(script, tls=tls) as wire:
        connect(wire.url).send(mailbox, body, gate)
        assert calls == [0]
        assert wire.connections == len(wire.requests) == 1


@pytest.mark.parametrize("size", [2, 100_000])
def test_what_the_gate_returns_is_called_once_when_the_first_bytes_have_left(
    connect: Connect, mailbox: Mailbox, size: int
) -> None:
    left = threading.Event()
    calls: list[int] = []

    def script(peer: Peer) -> None:
        peer.read()
        left.wait(20)
        peer.answer(201, SENT)

    def first_byte_left() -> None:
        calls.append(size)
        left.set()

    with Wire(script) as wire:
        connect(wire.url).send(mailbox, b" " * size, lambda _: first_byte_left)

    assert left.is_set()
    assert calls == [size]


def test_authorities_are_read_once_for_all_sends(
    connect: Connect, mailbox: Mailbox, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(CERTIFICATE.read_bytes())
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(authorities))
    with Wire(answering(201, SENT), tls=True) as wire:
        client = connect(wire.url)
        client.send(mailbox, body, at_once)
        authorities.unlink()
        client.send(mailbox, body, at_once)
        assert len(wire.requests) == 2


@pytest.mark.parametrize(
    "failure", [RuntimeError("claimed by another"), BrokenPipeError(), ConnectionResetError()]
)
def test_what_the_gate_raises_goes_through_and_no_byte_has_left(
    connect: Connect, mailbox: Mailbox, body: bytes, failure: Exception
) -> None:
    def gate(_: CheckOpen) -> None:
        raise failure

    with Wire(Peer.read) as wire:
        with pytest.raises(type(failure)) as caught:
            connect(wire.url).send(mailbox, body, gate)
        assert caught.value is failure
        assert failure.__cause__ is failure.__context__ is None
        eventually(lambda: wire.ended == 1)
        assert wire.bytes_received == 0


def test_an_interrupt_in_the_gate_goes_through_too(connect: Connect, mailbox: Mailbox, body: bytes) -> None:
    def gate(_: CheckOpen) -> None:
        raise KeyboardInterrupt

    with Wire(Peer.read) as wire:
        with pytest.raises(KeyboardInterrupt):
            connect(wire.url).send(mailbox, body, gate)
        eventually(lambda: wire.ended == 1)
        assert wire.bytes_received == 0


def test_time_spent_in_the_gate_counts_for_no_deadline(
    connect: Connect, mailbox: Mailbox, body: bytes
) -> None:
    def gate(_: CheckOpen) -> None:
        wire.closing.wait(1.0)

    with Wire(answering(201, SENT)) as wire:
        client = connect(wire.url, timeout_seconds=0.5, connect_timeout_seconds=0.5)
        assert client.send(mailbox, body, gate)


def test_every_send_has_a_new_connection_which_is_closed(
    connect: Connect, mailbox: Mailbox, body: bytes
) -> None:
    with Wire(answering(201, SENT)) as wire:
        client = connect(wire.url)
        for count in (1, 2, 3):
            client.send(mailbox, body, at_once)
            assert wire.connections == count
        eventually(lambda: wire.ended == 3)


@pytest.mark.parametrize("message_id", ["202009211526363", 202009211526363])
def test_a_code_may_be_a_number(connect: Connect, mailbox: Mailbox, body: bytes, message_id: Any) -> None:
    with Wire(answering(200, SENT | {"message_id": message_id})) as wire:
        assert connect(wire.url).send(mailbox, body, at_once) == "202009211526363"


def test_100_continue_and_chunks_are_read_over(connect: Connect, mailbox: Mailbox, body: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        content = json.dumps(SENT).encode()
        for piece in (content[:7], content[7:]):
            peer.say(b"%x\r\n%b\r\n" % (len(piece), piece))
        peer.say(b"0\r\n\r\n")

    with Wire(script) as wire:
        assert connect(wire.url).send(mailbox, body, at_once) == "2020082610003492"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, Invalid, "invalid"),
        (401, Denied, "credentials"),
        (402, Denied, "wallet"),
        (403, Denied, "scope"),
        (429, RateLimited, "rate_limited"),
        (301, OutcomeUnknown, "status"),
        (302, OutcomeUnknown, "status"),
        (307, OutcomeUnknown, "status"),
        (404, OutcomeUnknown, "status"),
        (405, OutcomeUnknown, "status"),
        (413, OutcomeUnknown, "status"),
        (500, OutcomeUnknown, "status"),
        (502, OutcomeUnknown, "status"),
        (503, OutcomeUnknown, "status"),
    ],
)
def test_each_status_has_its_error_and_one_request(
    connect: Connect, mailbox: Mailbox, body: bytes, status: int, error: type[ApiError], code: str
) -> None:
    refusal = {"success": False, "message": "MySQL Error 12"}
    with Wire(answering(status, refusal, {"Location": "/send", "Retry-After": "7"})) as wire:
        with pytest.raises(ApiError) as caught:
            connect(wire.url).send(mailbox, body, at_once)
        assert type(caught.value) is error
        assert caught.value.code == code
        assert caught.value.details["status"] == status
        assert "MySQL Error 12" in caught.value.details["excerpt"]
        assert wire.connections == len(wire.requests) == 1


def test_429_says_how_long_to_wait(connect: Connect, mailbox: Mailbox, body: bytes) -> None:
    with (
        Wire(answering(429, {"success": False}, {"Retry-After": "7"})) as wire,
        pytest.raises(RateLimited) as caught,
    ):
        connect(wire.url).send(mailbox, body, at_once)
    assert caught.value.details["retry_after_seconds"] == 7
