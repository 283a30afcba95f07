"""A bound of the bytes of request bodies that one process holds at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from producers.gateway.problems import unavailable

PATIENCE_SECONDS = 10.0


class Memory:
    """For one event loop."""

    def __init__(self, limit_bytes: int) -> None:
        self._free = limit_bytes
        self._limit = limit_bytes
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def held(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold so many bytes, as soon as others have freed them. Raise a 503 Problem if they don't in time."""
        size = min(size_bytes, self._limit)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._freed:
                await self._freed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise unavailable("too many large requests at once: repeat it later") from None
        try:
            yield
        finally:
            self._free += size
            async with self._freed:
                self._freed.notify_all()
