"""Three things no web framework offers: the instant of a first byte, a silent connection, and a TCP reset."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.clock import now
from sandbox.ledger import Ledger

CONTROL_PREFIX = "/_sandbox/"
SILENCE_SECONDS = 600.0


class AbortableProtocol(H11Protocol):
    """Hands each connection's transport to its requests as `state["transport"]`.

    Small answers leave at once: asyncio says so only to sockets it made itself, and 40 ms a call would be lost.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as H11Protocol does
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


class Arrival:
    """Raw ASGI middleware that notes when a request came, before its body is read, and the status it got.

    Puts `state["arrived"]`, an Instant. Requests under /_sandbox/ stay out of the ledger.
    """

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        arrived = scope["state"]["arrived"] = now()
        seen = self._ledger.record_request(scope["method"], scope["path"], arrived)

        async def noting_the_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            await send(message)

        await self._app(scope, receive, noting_the_status)


class Silence(Response):
    """No answer: the connection is held until the client gives up, or for ten minutes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_client_gone(receive), SILENCE_SECONDS)
        await _reset(scope["state"]["transport"], receive)


class Reset(Response):
    """No answer: a TCP RST."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _reset(scope["state"]["transport"], receive)


async def _reset(transport: Any, receive: Receive) -> None:
    """Lingering for no time makes the close a reset. Returns when uvicorn knows, or it would answer 500."""
    if not transport.is_closing():
        lingering = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
        transport.abort()
    await _client_gone(receive)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
