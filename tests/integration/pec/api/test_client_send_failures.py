"""POST /send when the network fails: Unreachable before the first byte, OutcomeUnknown after it, never a second."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from config.settings import Api
from pec.api.client import Mailbox, send_is_over_seconds
from pec.api.errors import Denied, OutcomeUnknown, Unreachable
from pec.api.transport import CheckOpen
from tests.integration.pec.api.clients import Connect, at_once
from tests.wire import CERTIFICATE, PATIENCE_SECONDS, Peer, Wire, eventually

BODY = b'{"sender": "me@pec.example"}'
LONG_SECONDS = 15.0  # longer than any deadline below, shorter than what the server would hold us for


class Gate:
    """Counts how often it is opened."""

    def __init__(self) -> None:
        self.openings = 0

    def __call__(self, _: CheckOpen) -> None:
        self.openings += 1


def reset_after_reading(peer: Peer) -> None:
    peer.read()
    peer.reset()


def close_after_reading(peer: Peer) -> None:
    peer.read()


def reset_in_mid_body(peer: Peer) -> None:
    peer.read_head()
    peer.reset()


def saying(data: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(data)

    return script


OUTCOMES = {
    "reset": (reset_after_reading, "reset"),
    "closed": (close_after_reading, "reset"),
    "reset in mid-body": (reset_in_mid_body, "reset"),
    "closed in mid-header": (saying(b"HTTP/1.1 201 Created\r\nContent-Le"), "unsuccessful"),
    "no HTTP": (saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "garbled"),
    "truncated": (
        saying(b'HTTP/1.1 201 X\r\nContent-Length: 500\r\n\r\n{"success": true, "message_id": "1"}'),
        "garbled",
    ),
    "truncated chunk": (saying(b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"), "garbled"),
    "bad chunk": (saying(b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"), "garbled"),
    "cut JSON": (saying(b'HTTP/1.1 201 X\r\n\r\n{"success": true, "message_id": "1'), "unsuccessful"),
    "empty": (saying(b"HTTP/1.1 201 X\r\nContent-Length: 0\r\n\r\n"), "unsuccessful"),
    "a list": (saying(b"HTTP/1.1 201 X\r\n\r\n[]"), "unsuccessful"),
    "too many headers": (saying(b"HTTP/1.1 201 X\r\n" + b"a: b\r\n" * 200 + b"\r\n"), "garbled"),
    "bad gzip": (saying(b"HTTP/1.1 201 X\r\nContent-Encoding: gzip\r\n\r\nnot gzip"), "garbled"),
}


@pytest.mark.parametrize(("script", "code"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_a_failure_after_the_first_byte_is_unknown_and_never_repeated(
    connect: Connect, mailbox: Mailbox, script: Callable[[Peer], None], code: str
) -> None:
    gate = Gate()
    with Wire(script) as wire:
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url).send(mailbox, BODY * 100_000, gate)
        assert caught.value.code == code
        eventually(lambda: wire.ended == 1)
        assert wire.connections == gate.openings == 1


def test_a_silent_server_is_given_up_after_the_timeout(connect: Connect, mailbox: Mailbox) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.hold()

    with Wire(script) as wire:
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url, timeout_seconds=0.2, min_bytes_per_second=1).send(mailbox, BODY, at_once)
        assert caught.value.code == "timeout"
        assert len(wire.requests) == 1


def drip_header(peer: Peer) -> None:
    peer.read()
    peer.say(b"HTTP/1.1 201 X\r\nx: ")
    peer.drip(b"y", every_seconds=0.01)


def drip_continue(peer: Peer) -> None:
    peer.read()
    peer.drip(b"HTTP/1.1 100 Continue\r\n\r\n", every_seconds=0.01)


def drip_body(peer: Peer) -> None:
    peer.read()
    peer.say(b"HTTP/1.1 201 X\r\nContent-Length: 1000000\r\n\r\n")
    peer.drip(b" ", every_seconds=0.01)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("script", [drip_header, drip_continue, drip_body, Peer.hold])
def test_the_deadline_ends_what_the_timeout_does_not(
    connect: Connect,
    mailbox: Mailbox,
    script: Callable[[Peer], None],
    tls: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    monkeypatch.setattr(Api, "send_deadline_seconds", lambda self, size_bytes: 0.3)
    with Wire(script, tls=tls, receive_buffer=4096) as wire:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url, timeout_seconds=60).send(mailbox, BODY * 400_000, at_once)
        assert caught.value.code == "deadline"
        assert time.monotonic() - started < LONG_SECONDS
        assert wire.connections == 1


def test_a_server_that_stops_reading_is_given_up_after_the_timeout(
    connect: Connect, mailbox: Mailbox
) -> None:
    with Wire(Peer.hold, receive_buffer=4096) as wire:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url, timeout_seconds=0.2, min_bytes_per_second=1).send(
                mailbox, BODY * 400_000, at_once
            )
        assert caught.value.code == "timeout"
        assert time.monotonic() - started < LONG_SECONDS


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_reads_slowly_but_steadily_is_borne_with(
    connect: Connect, mailbox: Mailbox, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing takes longer than both time-outs, which are for each step of it."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    body = BODY * 1_000_000  # the kernel's buffers hold a small part of it
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.read_slowly(len(body), lasting_seconds=3.0))
        peer.answer(201, {"success": True, "message_id": "2020082610003492"})

    with Wire(script, tls=tls, receive_buffer=65_536) as wire:
        connect(wire.url, timeout_seconds=1.5, connect_timeout_seconds=1.5).send(mailbox, body, at_once)
        assert seen[0] >= 2.5


@pytest.mark.parametrize(("deadline_seconds", "timeout_seconds"), [(0.3, 60), (60, 0.3)])
def test_after_the_end_nothing_trickles_out_of_the_kernel(
    connect: Connect,
    mailbox: Mailbox,
    deadline_seconds: float,
    timeout_seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Api, "send_deadline_seconds", lambda self, size_bytes: deadline_seconds)
    given_up: list[bool] = []
    counts: list[int] = []

    def script(peer: Peer) -> None:
        eventually(lambda: given_up)
        counts.append(peer.read_to_the_end())

    body = b"x" * 200_000
    with Wire(script, receive_buffer=4096) as wire:
        with pytest.raises(OutcomeUnknown):
            connect(wire.url, timeout_seconds=timeout_seconds).send(mailbox, body, at_once)
        given_up.append(True)
        eventually(lambda: counts)
    assert counts[0] < len(body)


def test_a_refusal_before_all_was_written_is_a_refusal(connect: Connect, mailbox: Mailbox) -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        peer.answer(401, {"success": False})

    with Wire(script) as wire, pytest.raises(Denied):
        connect(wire.url).send(mailbox, BODY * 400_000, at_once)


def test_a_send_is_surely_over_some_time_after_its_deadline() -> None:
    api = Api(timeout_seconds=30, min_bytes_per_second=50_000)
    assert send_is_over_seconds(api, 5_000_000) > api.send_deadline_seconds(5_000_000) == 130


def test_an_endless_answer_is_cut_off(
    connect: Connect, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pec.api.transport.ANSWER_LIMIT_BYTES", 1_000_000)

    def script(peer: Peer) -> None:
        peer.read()
        peer.say(b"HTTP/1.1 201 X\r\n\r\n")
        while True:
            peer.say(b" " * 65_536)

    with Wire(script) as wire:
        with pytest.raises(OutcomeUnknown) as caught:
            connect(wire.url).send(mailbox, BODY, at_once)
        assert caught.value.code == "too_long"


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:{port}", "refused"),
        ("https://127.0.0.1:{port}", "refused"),
        ("http://nobody.invalid", "dns"),
        ("https://nobody.invalid", "dns"),
    ],
)
def test_what_can_not_be_connected_to_is_unreachable(
    connect: Connect, mailbox: Mailbox, url: str, code: str
) -> None:
    gate = Gate()
    with pytest.raises(Unreachable) as caught:
        connect(url.format(port=unused_port())).send(mailbox, BODY, gate)
    assert caught.value.code == code
    assert gate.openings == 0


def test_a_certificate_of_no_known_authority_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    gate = Gate()
    with Wire(Peer.read, tls=True) as wire:
        with pytest.raises(Unreachable) as caught:
            connect(wire.url).send(mailbox, BODY, gate)
        assert caught.value.code == "tls"
        assert gate.openings == wire.bytes_received == 0


def test_a_certificate_for_another_name_is_unreachable(
    connect: Connect, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *where: resolve("127.0.0.1", *where))
    with Wire(Peer.read, tls=True) as wire:
        with pytest.raises(Unreachable) as caught:
            connect(wire.url.replace("127.0.0.1", "another.example")).send(mailbox, BODY, at_once)
        assert caught.value.code == "tls"
        assert wire.bytes_received == 0


def test_tls_with_a_server_that_has_none_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(lambda peer: peer.say(b"HTTP/1.1 400 X\r\n\r\n")) as wire, pytest.raises(Unreachable) as caught:
        connect(wire.url.replace("http:", "https:")).send(mailbox, BODY, at_once)
    assert caught.value.code == "tls"


def test_a_handshake_that_never_ends_is_unreachable(connect: Connect, mailbox: Mailbox) -> None:
    with Wire(Peer.hold) as wire, pytest.raises(Unreachable) as caught:
        connect(wire.url.replace("http:", "https:"), connect_timeout_seconds=0.2).send(mailbox, BODY, at_once)
    assert caught.value.code == "timeout"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("parting", [Peer.reset, lambda peer: peer.say(b"HTTP/1.1 408 X\r\n\r\n")])
def test_a_server_that_hangs_up_while_we_wait_for_the_gate_is_unreachable(
    connect: Connect,
    mailbox: Mailbox,
    parting: Callable[[Peer], None],
    tls: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    we_wait = threading.Event()

    def hang_up(peer: Peer) -> None:
        we_wait.wait(PATIENCE_SECONDS)  # before, the connection might still be opening, which is a "reset"
        parting(peer)

    with Wire(hang_up, tls=tls) as wire:

        def gate(check_open: CheckOpen) -> None:
            we_wait.set()
            eventually(lambda: wire.ended == 1)
            check_open()

        with pytest.raises(Unreachable) as caught:
            connect(wire.url).send(mailbox, BODY, gate)
        assert caught.value.code == "hung_up"
        assert wire.bytes_received == 0
