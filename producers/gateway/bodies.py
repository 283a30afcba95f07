"""Bodies of requests: read whole or in parts, up to a size, and only after the token was checked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from producers.gateway.auth import Caller
from producers.gateway.context import Gateway
from producers.gateway.problems import too_large


@asynccontextmanager
async def whole_body(
    request: Request, gateway: Gateway, caller: Caller, max_bytes: int | None = None
) -> AsyncIterator[bytes]:
    """Yield the body, whose memory counts as long as the block runs. Raise a 413 or 503 Problem."""
    limit = max_bytes or gateway.max_body_bytes
    stated = stated_length(request)
    if stated is not None and stated > limit:
        raise too_large(limit)
    async with gateway.memory.held(caller.token.id, limit if stated is None else stated):
        parts = [part async for part in streamed_body(request, limit)]
        yield b"".join(parts)


async def streamed_body(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body in parts, as they come. Raise a 413 Problem once it is too large."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise too_large(max_bytes)
        if part:
            yield part


def stated_length(request: Request) -> int | None:
    """Return the Content-Length, or None if the body is chunked."""
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isdecimal() else None
