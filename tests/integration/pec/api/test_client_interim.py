"""Interim answers (1xx) before the one that counts: a send that was taken is not uncertain for them."""

import time
from collections.abc import Callable

import pytest

from config.settings import Api
from pec.api.client import Mailbox
from pec.api.errors import Invalid, OutcomeUnknown
from tests.integration.pec.api.clients import Connect, at_once
from tests.wire import Peer, Wire

BODY = b'{"sender": "me@pec.example"}'
CODE = "2026112309300042"
TAKEN = b'{"success":true,"sent":1,"message":"","message_id":"2026112309300042"}'
FINAL = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n" + TAKEN
LONG_SECONDS = 15.0

INTERIM = {
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
    "continue, processing, hints": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n",
    "progress": b"HTTP/1.1 104 Upload Resumption Supported\r\n\r\n" * 3,
    "one that nobody knows, without a reason": b"HTTP/1.1 199\r\n\r\n",
    "one that claims a length": b"HTTP/1.1 102 X\r\nContent-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n",
    "one that claims to close": b"HTTP/1.1 102 X\r\nConnection: close\r\n\r\n",
    "lines that end in LF": b"HTTP/1.1 103 X\nLink: </a>\n\n",
    "HTTP/1.0": b"HTTP/1.0 102 X\r\n\r\n",
    "twenty": b"HTTP/1.1 102 Processing\r\n\r\n" * 20,
}


def saying(*pieces: bytes) -> Callable[[Peer], None]:
    """Each piece in a write of its own."""

    def script(peer: Peer) -> None:
        peer.read()
        for piece in pieces:
            peer.say(piece)

    return script


@pytest.mark.parametrize("interim", INTERIM.values(), ids=INTERIM.keys())
def test_a_send_has_the_code_of_its_final_answer(connect: Connect, mailbox: Mailbox, interim: bytes) -> None:
    with Wire(saying(interim, FINAL)) as wire:
        assert connect(wire.url).send(mailbox, BODY, at_once) == CODE


def test_it_does_not_matter_how_the_bytes_come(connect: Connect, mailbox: Mailbox) -> None:
    whole = INTERIM["early hints"] + FINAL
    with Wire(saying(*(bytes([one]) for one in whole))) as wire:
        assert connect(wire.url).send(mailbox, BODY, at_once) == CODE


def test_a_refusal_after_an_interim_answer_is_a_refusal(connect: Connect, mailbox: Mailbox) -> None:
    refusal = b'HTTP/1.1 400 X\r\nContent-Length: 17\r\n\r\n{"success":false}'
    with Wire(saying(INTERIM["processing"], refusal)) as wire, pytest.raises(Invalid):
        connect(wire.url).send(mailbox, BODY, at_once)


def test_a_kept_connection_serves_the_next_call(connect: Connect, mailbox: Mailbox) -> None:
    quota = b'{"success":true,"message":"","data":{"usage":1,"limit":2}}'
    final = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(quota) + quota

    def script(peer: Peer) -> None:
        while True:
            peer.read()
            peer.say(INTERIM["early hints"] + final)

    with Wire(script) as wire:
        client = connect(wire.url)
        assert [client.quota(mailbox).usage for _ in range(3)] == [1, 1, 1]
        assert wire.connections == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (INTERIM["processing"], "reset"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a.c", "reset"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + FINAL, "status"),
        (INTERIM["processing"] * 21 + FINAL, "garbled"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 21 + FINAL, "garbled"),
        (b"HTTP/1.1 103 X\r\n" + b"A: b\r\n" * 20_000 + b"\r\n" + FINAL, "garbled"),
        ((b"HTTP/1.1 103 X\r\nA: " + b"b" * 30_000 + b"\r\n\r\n") * 3 + FINAL, "garbled"),
    ],
    ids=[
        "no final answer",
        "cut",
        "another protocol",
        "too many",
        "too many of 100",
        "too much",
        "too much in all",
    ],
)
def test_what_is_no_final_answer_is_unknown(
    connect: Connect, mailbox: Mailbox, said: bytes, code: str
) -> None:
    with Wire(saying(said)) as wire, pytest.raises(OutcomeUnknown) as caught:
        connect(wire.url).send(mailbox, BODY, at_once)
    assert caught.value.code == code


@pytest.mark.parametrize("piece", [INTERIM["processing"], b"HTTP/1.1 103 X\r\nA: b\r\n"])
def test_interim_answers_do_not_lengthen_the_deadline(
    connect: Connect, mailbox: Mailbox, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Api, "send_deadline_seconds", lambda self, size_bytes: 0.3)

    def script(peer: Peer) -> None:
        peer.read()
        peer.drip(piece, every_seconds=0.1)

    with Wire(script) as wire:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url, timeout_seconds=60).send(mailbox, BODY, at_once)
        assert caught.value.code == "deadline"
        assert time.monotonic() - started < LONG_SECONDS
