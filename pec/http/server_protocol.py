"""uvicorn's protocol, with deadlines for the head of a request and for the reading of its answer."""

import asyncio
import socket
from collections.abc import Callable

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
UNREAD_SECONDS = 60.0  # that an answer may wait for a client that reads nothing
MAX_HEAD_BYTES = 32_768
AT_SHUTDOWN: set[Callable[[], None]] = (
    set()
)  # called when the server stops, before it waits for requests in hand


class GuardedProtocol(H11Protocol):
    """Closes a connection whose request's head, or a body that was refused unread, takes too long.

    It breaks off one whose client does not read its answer: closing would wait for that client.

    Small answers leave at once: asyncio says so only to sockets it made itself, and 40 ms a call would be lost.
    """

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as H11Protocol does
        super().connection_made(transport)
        found = transport.get_extra_info("socket")
        if found.family != socket.AF_UNIX:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._judge()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._judge()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_at_last()

    def shutdown(self) -> None:
        for end in list(AT_SHUTDOWN):
            end()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._read_at_last()
        super().connection_lost(exc)

    def _judge(self) -> None:
        """Let the deadline run while no request is in progress."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._disarm()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
            self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def _read_at_last(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
