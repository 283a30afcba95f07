"""A token that is used by one long answer: whether it is still valid, asked by the clock."""

import time

from fastapi.concurrency import run_in_threadpool

from pec.store.store import Store, wall_clock
from producers.gateway.auth import Caller

CHECK_SECONDS = 60.0


class TokenWatch:
    """It was valid when the answer began."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store, self._token = store, caller.token
        self._checked_at = time.monotonic()

    async def has_ended(self) -> bool:
        """Return whether the token expired or was revoked. Redis is asked once a minute, however often this is."""
        if time.monotonic() - self._checked_at < CHECK_SECONDS:
            return False
        self._checked_at = time.monotonic()
        return not await run_in_threadpool(self._is_valid)

    def _is_valid(self) -> bool:
        token = self._token
        if token.expires_at and token.expires_at.timestamp() <= wall_clock():
            return False
        return bool(self._store.client.exists(self._store.keys.token(token.id)))
