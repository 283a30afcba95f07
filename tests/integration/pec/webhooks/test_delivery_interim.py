"""Interim answers (1xx) before the one that counts: an event that was taken is not delivered again for them."""

import time
from collections.abc import Callable

import pytest

from config.settings import Webhooks
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome
from tests.integration.pec.webhooks.posting import BODY, at, post
from tests.wire import Peer, Wire

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def saying(answer: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        while True:
            peer.read()
            peer.say(answer)

    return script


@pytest.mark.parametrize(
    ("interim", "final", "outcome"),
    [
        (HINTS, TAKEN, Delivered()),
        (PROCESSING * 20, TAKEN, Delivered()),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS, b"HTTP/1.1 204 No Content\r\n\r\n", Delivered()),
        (HINTS, b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Gone()),
        (
            HINTS,
            b"HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            Failed("answered 503", 503, 7.0),
        ),
    ],
)
def test_the_final_answer_counts(interim: bytes, final: bytes, outcome: Outcome) -> None:
    with Wire(saying(interim + final)) as wire:
        assert post(at(wire.url)) == outcome


def test_a_kept_connection_carries_the_next_event() -> None:
    with Wire(saying(HINTS + TAKEN)) as wire:
        with Poster(Webhooks(timeout_seconds=20, allow_private=True), at(wire.url)) as poster:
            assert [poster.post(f"evt_{number}", BODY) for number in range(3)] == [Delivered()] * 3
        assert wire.connections == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (PROCESSING * 21 + TAKEN, "garbled"),
        (b"HTTP/1.1 103 X\r\n" + b"A: b\r\n" * 20_000 + b"\r\n" + TAKEN, "garbled"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + TAKEN, "answered 101"),
    ],
)
def test_what_is_no_final_answer_is_a_failure_and_the_connection_is_not_used_again(
    said: bytes, why: str
) -> None:
    with Wire(saying(said)) as wire:
        with Poster(Webhooks(timeout_seconds=20, allow_private=True), at(wire.url)) as poster:
            for number in range(2):
                outcome = poster.post(f"evt_{number}", BODY)
                assert isinstance(outcome, Failed)
                assert why in outcome.why
        assert wire.connections == 2


def test_interim_answers_do_not_lengthen_the_timeout() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.drip(PROCESSING, every_seconds=0.1)

    with Wire(script) as wire:
        started = time.monotonic()
        outcome = post(at(wire.url), timeout=0.5)
        assert outcome == Failed("no answer within 0.5 s")
        assert time.monotonic() - started < 15
