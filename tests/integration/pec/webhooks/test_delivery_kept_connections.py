"""Several POSTs over one connection: as long as the endpoint keeps it, and as if each had its own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.settings import Webhooks
from pec.http.tls import all_authorities
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed
from tests.integration.pec.webhooks.posting import BODY, always, at
from tests.wire import CERTIFICATE, Peer, Wire, answering, eventually


@pytest.fixture
def fresh_authorities(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    all_authorities.cache_clear()
    yield
    all_authorities.cache_clear()


def poster(wire: Wire, timeout: float = 20, *, allow_private: bool = True) -> Poster:
    url = wire.url.replace("127.0.0.1", "localhost")
    return Poster(Webhooks(timeout_seconds=timeout, allow_private=allow_private), at(url))


def in_turn(*scripts: Callable[[Peer], object]) -> Callable[[Peer], None]:
    """A script for each connection, in the order in which they come."""
    left = list(scripts)

    def script(peer: Peer) -> None:
        left.pop(0)(peer)

    return script


def answers(peer: Peer) -> None:
    answering(200, {"ok": True})(peer)


def answers_once(peer: Peer) -> None:
    peer.read()
    peer.answer(200, {})


def answers_once_then_resets(peer: Peer) -> None:
    answers_once(peer)
    peer.read()
    peer.reset()


@pytest.mark.usefixtures("fresh_authorities")
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("status", [200, 204, 500])
def test_deliveries_share_a_connection(status: int, tls: bool) -> None:
    with Wire(answering(status, b"" if status == 204 else {}), tls=tls) as wire:
        with poster(wire) as posts:
            outcomes = {posts.post(f"evt_{number}", BODY) for number in range(3)}

        assert outcomes == {Delivered() if status < 300 else Failed("answered 500", 500)}
        assert [one.headers["webhook-id"] for one in wire.requests] == ["evt_0", "evt_1", "evt_2"]
        assert {one.body for one in wire.requests} == {BODY}
        assert wire.connections == 1
        eventually(lambda: wire.ended)  # and it is closed at the end


def test_an_answer_in_chunks_leaves_the_connection_usable() -> None:
    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.read()
            peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    with Wire(script) as wire, poster(wire) as posts:
        assert [posts.post("evt_1", BODY), posts.post("evt_2", BODY)] == [Delivered()] * 2
        assert wire.connections == 1


def test_an_endpoint_that_closes_after_each_answer_is_connected_to_anew() -> None:
    with Wire(answering(200, {}, {"Connection": "close"})) as wire, poster(wire) as posts:
        assert [posts.post("evt_1", BODY), posts.post("evt_2", BODY)] == [Delivered()] * 2
        assert (wire.connections, len(wire.requests)) == (2, 2)


@pytest.mark.usefixtures("fresh_authorities")
@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_closed_between_two_deliveries_is_opened_anew(tls: bool) -> None:
    with Wire(in_turn(answers_once, answers), tls=tls) as wire, poster(wire) as posts:
        assert posts.post("evt_1", BODY) == Delivered()
        eventually(lambda: wire.ended)

        assert posts.post("evt_2", BODY) == Delivered()
        assert len(wire.requests) == 2


def test_what_a_reset_of_a_kept_connection_swallowed_is_said_again_with_the_same_id() -> None:
    with Wire(in_turn(answers_once_then_resets, answers)) as wire, poster(wire) as posts:
        assert [posts.post("evt_1", BODY), posts.post("evt_2", BODY)] == [Delivered()] * 2

        assert [one.headers["webhook-id"] for one in wire.requests] == ["evt_1", "evt_2", "evt_2"]


def test_it_is_said_again_once_and_no_more() -> None:
    def resets(peer: Peer) -> None:
        peer.read()
        peer.reset()

    with Wire(in_turn(answers_once_then_resets, resets, answers)) as wire, poster(wire) as posts:
        posts.post("evt_1", BODY)

        assert posts.post("evt_2", BODY) == Failed("Connection reset by peer")
        assert wire.connections == 2
        assert posts.post("evt_2", BODY) == Delivered()


def test_what_an_answer_had_begun_to_is_not_said_again() -> None:
    def breaks_off(peer: Peer) -> None:
        answers_once(peer)
        peer.read()
        peer.say(b"HTTP/1.1 2")
        peer.reset()

    with Wire(in_turn(breaks_off, answers)) as wire, poster(wire) as posts:
        posts.post("evt_1", BODY)

        assert isinstance(posts.post("evt_2", BODY), Failed)
        assert wire.connections == 1


def test_a_connection_with_an_answer_too_long_to_read_is_not_used_again() -> None:
    def talks(peer: Peer) -> None:
        peer.read()
        peer.answer(200, b"." * 5000)
        peer.hold()

    with Wire(in_turn(talks, answers)) as wire, poster(wire) as posts:
        assert [posts.post("evt_1", BODY), posts.post("evt_2", BODY)] == [Delivered()] * 2
        assert wire.connections == 2


def test_what_a_peer_says_unasked_answers_nothing() -> None:
    go, said = threading.Event(), threading.Event()

    def says_more(peer: Peer) -> None:
        answers_once(peer)
        go.wait(20)
        peer.answer(200, {})
        said.set()
        peer.hold()

    with Wire(in_turn(says_more, answering(500, {}))) as wire, poster(wire) as posts:
        assert posts.post("evt_1", BODY) == Delivered()
        go.set()
        said.wait(20)

        assert posts.post("evt_2", BODY) == Failed("answered 500", 500)


def test_each_delivery_has_its_own_time() -> None:
    def drips_at_last(peer: Peer) -> None:
        answers_once(peer)
        peer.read()
        peer.say(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        peer.drip(b"1", 0.02)

    with Wire(in_turn(drips_at_last, answers)) as wire, poster(wire, timeout=2) as posts:
        assert posts.post("evt_1", BODY) == Delivered()
        assert posts.post("evt_2", BODY) == Failed("no answer within 2 s")
        assert posts.post("evt_2", BODY) == Delivered()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.usefixtures("fresh_authorities")
def test_a_peer_that_reads_slowly_is_left_when_the_time_is_over(tls: bool) -> None:
    def reads_slowly(peer: Peer) -> None:
        answers_once(peer)
        peer.read_slowly(len(BODY) * 100_000, lasting_seconds=10)

    with Wire(reads_slowly, tls=tls, receive_buffer=4096) as wire, poster(wire, timeout=2) as posts:
        assert posts.post("evt_1", BODY) == Delivered()
        started = time.monotonic()

        assert posts.post("evt_2", BODY * 100_000) == Failed("no answer within 2 s")
        assert time.monotonic() - started < 5


def test_at_each_new_connection_the_address_is_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return always("127.0.0.1" if len(asked) == 1 else "127.0.0.2")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("pec.http.address_guard.is_public", lambda address: address == "127.0.0.1")

    def answers_twice(peer: Peer) -> None:
        answers_once(peer)
        answers_once(peer)

    with Wire(answers_twice) as wire, poster(wire, allow_private=False) as posts:
        assert [posts.post("evt_1", BODY), posts.post("evt_2", BODY)] == [Delivered()] * 2
        assert len(asked) == 1
        eventually(lambda: wire.ended)

        outcome = posts.post("evt_3", BODY)

    assert isinstance(outcome, Failed)
    assert "PEC_WEBHOOKS__ALLOW_PRIVATE=true" in outcome.why
