"""A socket whose every wait ends at one deadline. Knows nothing of HTTP."""

import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, TypeVar

PIECE_BYTES = 16_384  # one TLS record; OpenSSL would hold a longer write to a single wait
JOINED_BYTES = PIECE_BYTES  # up to this size, parts leave in one write
_DROP_UNSENT = struct.pack("ii", 1, 0)
_MAX_WAIT_SECONDS = 1e6  # a poll takes no longer wait than 24 days
T = TypeVar("T")


class DeadlineSocket:
    """Give each wait what is left of the time. For one thread at a time.

    A socket's own timeout starts anew with every byte, so a peer that drips could hold us for ever. And setting it is a
    call of the kernel, as is the look before each read and write that it brings: so this socket never blocks.
    """

    def __init__(self, opened: socket.socket) -> None:
        opened.settimeout(0)
        self._socket = opened
        self._ends = 0.0
        self._wait_seconds = inf
        self._first_byte_left: Callable[[], None] | None = None
        self.received = False  # whether a byte came since `within`

    def within(
        self, ends: float, wait_seconds: float = inf, first_byte_left: Callable[[], None] | None = None
    ) -> None:
        """End the next exchange at this moment (`time.monotonic`), and any single wait in it after the seconds.

        `first_byte_left` is called after its first write.
        """
        self._ends, self._wait_seconds, self.received = ends, wait_seconds, False
        self._first_byte_left = first_byte_left

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raise OSError if the handshake fails. Close the socket in any case."""
        self._socket.settimeout(self._left())
        self._socket = context.wrap_socket(self._socket, server_hostname=host)
        self._socket.settimeout(0)

    def idle(self) -> bool:
        """Return whether the peer keeps the connection open, and has sent nothing unasked.

        Reading is the only test that TLS 1.3 passes: its tickets make an idle connection readable.
        """
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def send(self, *parts: bytes) -> None:
        """Write all parts, in one write if they are small. Raise OSError."""
        if sum(map(len, parts)) <= JOINED_BYTES:
            parts = (b"".join(parts),)
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[self.write(rest[:PIECE_BYTES]) :]

    def receive(self, limit: int) -> bytes:
        """Return what comes next, at most so many bytes; nothing at the end. Raise OSError."""
        data = self._when_ready(self._socket.recv, limit, select.POLLIN, waits=not self.received)
        self.received = self.received or len(data) > 0
        return data

    def read_into(self, buffer: Any) -> int:
        """Return how many bytes came; 0 at the end. Raise OSError."""
        count = self._when_ready(self._socket.recv_into, buffer, select.POLLIN)
        self.received = self.received or count > 0
        return count

    def close(self) -> None:
        """Close the connection. The kernel still sends what was written."""
        self._socket.close()

    def abort(self) -> None:
        """Close the connection, and drop what the kernel has not sent yet."""
        with suppress(OSError):  # it is closed already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_UNSENT)
        self._socket.close()

    def write(self, piece: memoryview) -> int:
        written = self._when_ready(self._socket.send, piece, select.POLLOUT)
        call, self._first_byte_left = self._first_byte_left, None
        if call:
            call()
        return written

    def _when_ready(self, step: Callable[[Any], T], given: Any, usual: int, *, waits: bool = False) -> T:
        """Return what the step returns, once it need not wait. `waits`: an answer was just asked for, so it will."""
        event = usual if waits else 0
        while True:
            left = self._left()
            if event:
                poll = select.poll()
                poll.register(self._socket, event)
                if not poll.poll(left * 1000):
                    raise TimeoutError
            try:
                return step(given)
            except BlockingIOError:
                event = usual
            except ssl.SSLWantReadError:
                event = select.POLLIN
            except ssl.SSLWantWriteError:
                event = select.POLLOUT

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._wait_seconds, _MAX_WAIT_SECONDS)
