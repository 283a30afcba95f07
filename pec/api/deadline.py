"""The total time that one exchange may take, enforced on the socket."""

import heapq
import itertools
import os
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

import structlog

log = structlog.get_logger()
_DROP_UNSENT = struct.pack("ii", 1, 0)


class Deadline:
    """Cuts a connection when the time is over, whatever it is doing.

    A socket's own timeout starts anew with every byte, so a peer that drips could hold us for ever.
    """

    def __init__(self) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._ended = False

    def start(self, seconds: float) -> None:
        """Let the time run."""
        _watch.add(time.monotonic() + seconds, self)

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over; at once if it is already."""
        self._socket = connection
        if self.passed:
            _cut(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended, self._socket = True, None

    def expire(self) -> None:
        """The time is over. Once the exchange has ended nothing follows from it."""
        if self._ended:
            return
        self.passed = True  # before looking: `watch` may run just now
        if (connection := self._socket) is not None:
            _cut(connection)


class _Watch:
    """One thread for all deadlines: one for each would cost more CPU than the rest of a call's bookkeeping.

    What has ended stays in line until its time comes.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: list[tuple[float, int, Deadline]] = []
        self._number = itertools.count()
        self._running = False

    def add(self, at: float, deadline: Deadline) -> None:
        with self._changed:
            heapq.heappush(self._line, (at, next(self._number), deadline))
            if not self._running:
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
                self._running = True
            elif self._line[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            try:
                self._next().expire()
            except Exception:  # the others' deadlines must not end with this one
                log.exception("deadline_not_enforced")

    def _next(self) -> Deadline:
        with self._changed:
            while not self._line or self._line[0][0] > time.monotonic():
                self._changed.wait(self._line[0][0] - time.monotonic() if self._line else None)
            return heapq.heappop(self._line)[2]


_watch = _Watch()


def _watch_anew() -> None:
    """A forked process has none of its parent's threads."""
    global _watch
    _watch = _Watch()


os.register_at_fork(after_in_child=_watch_anew)


def _cut(connection: socket.socket) -> None:
    """Wake the thread that reads or writes; when it closes, what the kernel has not sent yet is dropped."""
    with suppress(OSError):  # it is closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_UNSENT)
        # SSLSocket's own shutdown takes the TLS state away from the thread that is using it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
