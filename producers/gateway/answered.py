"""Records of requests without a key whose answer was given: they are shortened together, ten times a second at most."""

import asyncio

from pec.store import once
from pec.store.store import Store

PAUSE_SECONDS = 0.1  # each time, Redis flushes its file and answers no other client meanwhile


class Answered:
    """For one event loop."""

    def __init__(self, store: Store, keep_seconds: float) -> None:
        self._store = store
        self._keep_seconds = keep_seconds
        self._waiting: list[str] = []
        self._running: asyncio.Future[None] | None = None  # nothing else would keep it alive

    async def note(self, record: str) -> None:
        """Have the record shortened soon. It lasts for the window from then on."""
        self._waiting.append(record)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._shorten)

    def close(self) -> None:
        once.answered(self._store, self._taken(), self._keep_seconds)

    def _shorten(self) -> None:
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(
            None, once.answered, self._store, self._taken(), self._keep_seconds
        )

    def _taken(self) -> list[str]:
        taken, self._waiting = self._waiting, []
        return taken
