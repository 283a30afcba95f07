"""Limits of each request, counted and timed: how many run at once, how slowly bodies come and answers are read."""

import asyncio
import time
from collections import Counter

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.gateway import metrics
from producers.gateway.problems import Problem, answer, unavailable

MAX_REQUESTS = 256  # in progress, in one process
MAX_DOCUMENTS = 32  # the same for pages that need no token: who asks for them takes no place of a request
BODY_SECONDS = 20.0  # for a body, beside the time of its bytes at the slowest rate
READ_SECONDS = 60.0  # for an answer to be read, beside the time of its bytes at the slowest rate
LONG_LIVED = frozenset({"/v1/events/stream"})  # they wait for hours, and cost next to nothing
_NOT_COUNTED = frozenset({"/health/live", "/health/ready"})
_DOCUMENTS = ("/openapi.json", "/v1/docs", "/v1/openapi.json")


class Limits:
    """Raw ASGI middleware."""

    def __init__(self, app: ASGIApp, min_bytes_per_second: int) -> None:
        self._app = app
        self._min_bytes_per_second = min_bytes_per_second
        self._running = Counter[bool]()  # pages of the documentation, and the others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NOT_COUNTED:
            await self._app(scope, receive, send)
            return
        began, seen = time.monotonic(), _Seen()
        is_long = scope["path"] in LONG_LIVED
        is_document = scope["path"].startswith(_DOCUMENTS)
        self._running[is_document] += not is_long
        rate = self._min_bytes_per_second
        read = _Read(seen.through(send), rate, is_long=is_long)
        metrics.IN_PROGRESS.inc()
        try:
            if not is_long and self._running[is_document] > (MAX_DOCUMENTS if is_document else MAX_REQUESTS):
                refusal = answer(Request(scope), unavailable("too many requests at once: repeat it later"))
                await refusal(scope, receive, read)
            else:
                await self._app(scope, _Patient(receive, rate), read)
        except Exception:
            if not read.was_too_slow:
                raise
        finally:
            self._running[is_document] -= not is_long
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


class _Read:
    """Sends an answer, if it is read at the slowest rate at least. A stream's parts are timed one by one."""

    def __init__(self, send: Send, min_bytes_per_second: int, *, is_long: bool) -> None:
        self._send = send
        self._rate = min_bytes_per_second
        self._is_long = is_long
        self._ends: float | None = None
        self.was_too_slow = False

    async def __call__(self, message: Message) -> None:
        body = message.get("body", b"")
        if self._ends is None:  # the first part waits for no reader
            await self._send(message)
            if body:
                self._ends = self._deadline()
        else:
            if self._is_long:
                self._ends = self._deadline()
            try:
                async with asyncio.timeout(self._ends - time.monotonic()):
                    await self._send(message)
            except TimeoutError:
                self.was_too_slow = True
                raise
        if self._ends is not None:
            self._ends += len(body) / self._rate

    @staticmethod
    def _deadline() -> float:
        return time.monotonic() + READ_SECONDS


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
