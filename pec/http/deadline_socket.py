"""A socket for `http.client` whose every wait ends at one deadline. Knows nothing of HTTP."""

import io
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any

PIECE_BYTES = 16_384  # one TLS record; OpenSSL would hold a longer write to a single wait
JOINED_BYTES = PIECE_BYTES  # up to this size, head and body leave in one write
_DROP_UNSENT = struct.pack("ii", 1, 0)


class DeadlineSocket:
    """Give each wait what is left of the time. For one thread at a time.

    A socket's own timeout starts anew with every byte, so a peer that drips could hold us for ever.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._ends = 0.0
        self._wait_seconds = inf
        self._unsent: list[bytes] = []
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
        self._unsent.clear()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raise OSError if the handshake fails. Close the socket in any case."""
        self._socket.settimeout(self._left())
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def idle(self) -> bool:
        """Return whether the peer keeps the connection open, and has sent nothing unasked.

        Reading is the only test that TLS 1.3 passes: its tickets make an idle connection readable.
        """
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def sendall(self, data: bytes) -> None:
        """Keep the data until `flush`."""
        self._unsent.append(data)

    def flush(self) -> None:
        """Write what `sendall` was given. Raise OSError."""
        parts, self._unsent = self._unsent, []
        if sum(map(len, parts)) <= JOINED_BYTES:
            parts = [b"".join(parts)]
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[self.write(rest[:PIECE_BYTES]) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Return the answer as a file, which may be closed while the socket stays open."""
        return io.BufferedReader(_Answer(self))

    def read_into(self, buffer: Any) -> int:
        """Return how many bytes came; 0 at the end. Raise OSError."""
        self._socket.settimeout(self._left())
        count = self._socket.recv_into(buffer)
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
        self._socket.settimeout(self._left())
        written = self._socket.send(piece)
        call, self._first_byte_left = self._first_byte_left, None
        if call:
            call()
        return written

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._wait_seconds)


class _Answer(io.RawIOBase):
    """Reads the socket, and leaves it open."""

    def __init__(self, connection: DeadlineSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.read_into(buffer)
