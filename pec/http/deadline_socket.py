"""A connection to an address that was checked, every wait on which ends at one deadline. Knows nothing of HTTP."""

import io
import socket
import ssl
import time
from typing import Any


class DeadlineSocket:
    """Stands in for a socket in `http.client`. For one thread at a time.

    A socket's own timeout starts anew with every byte, so a peer that drips could hold us for ever: here each wait
    gets what is left of the time.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._ends = 0.0
        self._unsent = bytearray()
        self.received = False  # whether a byte came since `within`

    def within(self, ends: float) -> None:
        """The next exchange ends at this moment (`time.monotonic`)."""
        self._ends, self.received = ends, False
        self._unsent.clear()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raises OSError; the line is to be closed in any case."""
        self._socket.settimeout(self._left())
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def idle(self) -> bool:
        """Whether the peer still holds it, and has said nothing that it was not asked.

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
        """Goes out when the answer is asked for: head and body are one write."""
        self._unsent += data

    def makefile(self, *_: Any) -> io.BufferedReader:
        """The answer, which may be closed while the line stays open. Raises OSError."""
        rest = memoryview(bytes(self._unsent))
        while rest:
            self._socket.settimeout(self._left())
            rest = rest[self._socket.send(rest) :]
        return io.BufferedReader(_Answer(self))

    def read_into(self, buffer: Any) -> int:
        self._socket.settimeout(self._left())
        count = self._socket.recv_into(buffer)
        self.received = self.received or count > 0
        return count

    def close(self) -> None:
        self._socket.close()

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Answer(io.RawIOBase):
    """Reads the line, and leaves it open."""

    def __init__(self, line: DeadlineSocket) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.read_into(buffer)
