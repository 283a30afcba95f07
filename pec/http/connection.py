"""One HTTP connection whose exchanges end in time: what the API's client and the webhooks have in common.

It does nothing behind the caller's back: it knows no redirect, proxy, cookie or `.netrc`.
"""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTP_PORT, HTTPS_PORT, NotConnected
from math import inf
from typing import Any
from urllib.parse import urlsplit

from pec.http.answer import FinalAnswer
from pec.http.deadline_socket import DeadlineSocket
from pec.http.request import Request

_HUNG_UP = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
Addresses = Sequence[tuple[int, tuple[Any, ...]]]  # family and address, as `socket` takes them
Guard = Callable[[Addresses], Addresses]


@dataclass(frozen=True, slots=True)
class Peer:
    """The server at the other end. `name` is the header Host."""

    host: str
    port: int
    tls: Callable[[], ssl.SSLContext] | None
    name: bytes

    @classmethod
    def of(cls, url: str, tls: Callable[[], ssl.SSLContext]) -> "Peer":
        """Return the peer that a normalised URL names. Raise ValueError if its host or port is none."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        usual = HTTPS_PORT if secure else HTTP_PORT
        host, port = parts.hostname or "", parts.port or usual
        name = f"[{host.partition('%')[0]}]" if ":" in host else host.rstrip(".")
        named = name if port == usual else f"{name}:{port}"
        return cls(host, port, tls if secure else None, named.encode("ascii"))


class Connection:
    """A connection that is kept as long as the peer keeps it. For one thread at a time.

    `guard` gets the addresses of the name before any is connected to, and returns those that may be.
    """

    def __init__(self, peer: Peer, guard: Guard | None = None) -> None:
        self._peer = peer
        self._guard = guard
        self._socket: DeadlineSocket | None = None
        self.may_have_written = False  # whether a byte of the last request may have left

    def open(self, ends: float) -> None:
        """Connect anew, TLS included. Raise OSError, UnicodeError if the host is no name, and what the guard raises."""
        self.close()
        self.may_have_written = False
        opened = DeadlineSocket(self._connect(ends))
        try:
            if self._peer.tls is not None:
                opened.within(ends)
                opened.start_tls(self._peer.tls(), self._peer.host.rstrip("."))
        except BaseException:
            opened.close()
            raise
        self._socket = opened

    def idle(self) -> bool:
        """Return whether the connection is open, with nothing said on it since the last exchange."""
        return self._socket is not None and self._socket.idle()

    def exchange(
        self, request: Request, opened_by: float, ends: float, wait_seconds: float = inf
    ) -> FinalAnswer:
        """Ask over the kept connection, or over a new one that is open by `opened_by`.

        The peer may end a kept connection while the request is on its way. If no byte of an answer came, the request
        is written once more, on a new connection. Send nothing this way that must not arrive twice.
        """
        if kept := self._kept():
            try:
                return self.ask(request, ends, wait_seconds)
            except _HUNG_UP:
                if kept.received:
                    raise
        self.open(opened_by)
        return self.ask(request, ends, wait_seconds)

    def ask(
        self,
        request: Request,
        ends: float,
        wait_seconds: float = inf,
        first_byte_left: Callable[[], None] | None = None,
    ) -> FinalAnswer:
        """Write the request once, over the open connection, and read the final answer's head.

        `first_byte_left` is called after the first write, and must not take long.

        Call `release` when the answer is read. Raise OSError and HTTPException, with the connection closed.
        """
        if self._socket is None:
            raise NotConnected
        self.may_have_written = False
        self._socket.within(ends, wait_seconds, first_byte_left)
        try:
            return self._ask(request, self._socket)
        except BaseException:
            self.abort()
            raise

    def release(self, answer: FinalAnswer) -> None:
        """Keep the connection for the next exchange, unless the peer closes it or left part of the answer unread."""
        if not answer.leaves_open():
            self.close()

    def close(self) -> None:
        """Close the connection. The kernel still sends what was written."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def abort(self) -> None:
        """Close the connection after a failure, so that nothing written leaves later."""
        if self._socket is not None:
            self._socket.abort()
            self._socket = None

    def _kept(self) -> DeadlineSocket | None:
        if not self.idle():
            self.close()
        return self._socket

    def _ask(self, request: Request, opened: DeadlineSocket) -> FinalAnswer:
        head = request.head(self._peer.name)
        self.may_have_written = True
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was written: read why
            opened.send(head, request.body)
        return FinalAnswer(opened)

    def _connect(self, ends: float) -> socket.socket:
        return connect(self._peer.host, self._peer.port, ends, self._guard)


def connect(host: str, port: int, ends: float, guard: Guard | None = None) -> socket.socket:
    """Return a connection to the first address that takes one. Raise OSError, and what the guard raises."""
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    addresses: Addresses = [(family, address) for family, _, _, _, address in found]
    if guard is not None:
        addresses = guard(addresses)
    failure = OSError()
    for position, (family, address) in enumerate(addresses):
        left_seconds = max(ends - time.monotonic(), 0.001)
        try:
            return open_tcp(family, address, left_seconds / (len(addresses) - position))
        except OSError as error:
            failure = error
    raise failure


def open_tcp(family: int, address: tuple[Any, ...], within_seconds: float) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(within_seconds)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body can be several writes
        opened.connect(address)
    except OSError:
        opened.close()
        raise
    return opened
