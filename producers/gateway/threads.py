"""Threads for calls that may take long, apart from those in which requests are admitted and messages accepted."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from producers.gateway.problems import Problem, unavailable

PATIENCE_SECONDS = 20.0
RETRY_SECONDS = 10.0
_WAITING_FOR_EACH = 4  # calls that wait for a thread
P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """So many calls run at once, and some wait for them. For one event loop."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._limiter = CapacityLimiter(count)
        self._may_wait = count * _WAITING_FOR_EACH
        self._waiting = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the call returns. Raise a 503 Problem if too many wait, or if none ends in time."""
        await self._acquire()
        try:
            return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)
        finally:
            self._free.release()

    async def _acquire(self) -> None:
        if self._free.locked() and self._waiting >= self._may_wait:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1


def _busy() -> Problem:
    return unavailable("too many such requests at once: repeat it later", RETRY_SECONDS)
