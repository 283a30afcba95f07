"""The total time that one exchange may take, enforced on the socket."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Self

_DROP_UNSENT = struct.pack("ii", 1, 0)


class Deadline:
    """Cuts a connection when the time is over, whatever it is doing.

    A socket's own timeout starts anew with every byte, so a peer that drips could hold us for ever.
    """

    def __init__(self) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def start(self, seconds: float) -> None:
        """Let the time run."""
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over; at once if it is already."""
        self._socket = connection
        if self.passed:
            _cut(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        if self._socket is not None:
            _cut(self._socket)


def _cut(connection: socket.socket) -> None:
    """Wake the thread that reads or writes; when it closes, what the kernel has not sent yet is dropped."""
    with suppress(OSError):  # it is closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_UNSENT)
        # SSLSocket's own shutdown takes the TLS state away from the thread that is using it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
