"""A bound of the bytes of request bodies that one process holds at once, and of those of one token."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from producers.gateway.problems import unavailable

PATIENCE_SECONDS = 10.0


class Memory:
    """For one event loop."""

    def __init__(self, limit_bytes: int, token_limit_bytes: int) -> None:
        self._free = limit_bytes
        self._share = token_limit_bytes
        self._held = Counter[str]()  # by token
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def held(self, token_id: str, size_bytes: int) -> AsyncIterator[None]:
        """Hold so many bytes, as soon as others have freed them. Raise a 503 Problem if they don't in time.

        They are held before they come, also by a client that sends nothing: so a token gets no more than its share.
        """
        size = min(size_bytes, self._share)

        def is_free() -> bool:
            return self._free >= size and self._held[token_id] + size <= self._share

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._freed:
                await self._freed.wait_for(is_free)
                self._free -= size
                self._held[token_id] += size
        except TimeoutError:
            raise unavailable("too many large requests at once: repeat it later") from None
        try:
            yield
        finally:
            self._free += size
            self._held[token_id] -= size
            self._held += Counter()  # forgets those that hold nothing
            async with self._freed:
                self._freed.notify_all()
