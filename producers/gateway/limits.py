"""Limits of every request: how many run at once, and how slowly a body may come. Counts and times them."""

import asyncio
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.gateway import metrics
from producers.gateway.problems import Problem, answer, unavailable

MAX_REQUESTS = 256  # in progress, in one process
BODY_SECONDS = 20.0  # for a body, beside the time of its bytes at the slowest rate
LONG_LIVED = frozenset({"/v1/events/stream"})  # they wait for hours, and cost next to nothing
_NOT_COUNTED = frozenset({"/health/live", "/health/ready"})


class Limits:
    """Raw ASGI middleware."""

    def __init__(self, app: ASGIApp, min_bytes_per_second: int) -> None:
        self._app = app
        self._min_bytes_per_second = min_bytes_per_second
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NOT_COUNTED:
            await self._app(scope, receive, send)
            return
        began, seen = time.monotonic(), _Seen()
        counts = scope["path"] not in LONG_LIVED
        self._running += counts
        metrics.IN_PROGRESS.inc()
        try:
            patient = _Patient(receive, self._min_bytes_per_second)
            if counts and self._running > MAX_REQUESTS:
                refusal = answer(Request(scope), unavailable("too many requests at once: repeat it later"))
                await refusal(scope, receive, seen.through(send))
            else:
                await self._app(scope, patient, seen.through(send))
        finally:
            self._running -= counts
            metrics.IN_PROGRESS.dec()
            operation = _operation(scope)
            metrics.REQUESTS.labels(operation, str(seen.status)).inc()
            metrics.SECONDS.labels(operation).observe(time.monotonic() - began)


class _Patient:
    """Receives a body, as long as it comes at the slowest rate at least."""

    def __init__(self, receive: Receive, min_bytes_per_second: int) -> None:
        self._receive = receive
        self._rate = min_bytes_per_second
        self._ends: float | None = None
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        if self._ends is None:
            self._ends = time.monotonic() + BODY_SECONDS
        try:
            async with asyncio.timeout(self._ends - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise Problem(408, "too_slow", "the body came too slowly", closes=True) from None
        self._ends += len(message.get("body", b"")) / self._rate
        self._whole = not message.get("more_body", False)
        return message


class _Seen:
    """The status of an answer; 499 if there was none, because the client left."""

    def __init__(self) -> None:
        self.status = 499

    def through(self, send: Send) -> Send:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            await send(message)

        return noting


def _operation(scope: Scope) -> str:
    """Return method and path template, which name no message and no mailbox."""
    route = scope.get("route")
    return f"{scope['method']} {route.path}" if route is not None else "other"
