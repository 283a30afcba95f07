"""Bounds for what requests add to Redis: nothing while it has no room, and no token more than its share."""

import time

from config.settings import Settings
from pec.store import once
from pec.store.job_stream import MAX_MEMORY_SHARE, MAX_MEMORY_SHARE_ARCHIVING
from pec.store.store import Store
from producers import room
from producers.gateway.problems import unavailable

RETRY_SECONDS = 30.0
CANCEL_BYTES = 1_000_000
_TRUSTED_SECONDS = 1.0  # that room which was found is relied on: most sends cost no question


class Room:
    """For one process, whose threads share it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._intake_share = MAX_MEMORY_SHARE_ARCHIVING if settings.archive.url else MAX_MEMORY_SHARE
        self._token_share = settings.gateway.token_share
        self._largest_body = 2 * settings.api.max_bytes
        self._trusted_until = 0.0
        self._limit = 0

    def require(self, record: str, *, has_contents: bool) -> int:
        """Return the bytes that uploads and waiting jobs of a token may be; 0: there is no limit.

        Raise a 503 Problem if Redis has no room, unless the record is known: its request has an answer already.
        Contents stay in Redis until their job is taken, so they need as much room as those of other producers.
        """
        if time.monotonic() < self._trusted_until:
            return self.token_bytes()
        share = self._share_used()
        if share <= room.MAX_MEMORY_SHARE:
            self._trusted_until = time.monotonic() + _TRUSTED_SECONDS
        elif (has_contents or share > self._intake_share) and not once.is_known(self._store, record):
            raise unavailable("Redis has no room for new messages now: repeat it later", RETRY_SECONDS)
        return self.token_bytes()

    def require_for_upload(self) -> int:
        """Return the same for an upload. Raise a 503 Problem if Redis has no room."""
        if self._share_used() > room.MAX_MEMORY_SHARE:
            raise unavailable("Redis has no room for uploads now: repeat it later")
        return self.token_bytes()

    def _share_used(self) -> float:
        used, self._limit = room.memory(self._store)
        return used / self._limit if self._limit else 0.0

    def token_bytes(self) -> int:
        """Return a token's share of maxmemory, in which the largest body has room."""
        return max(round(self._limit * self._token_share), self._largest_body) if self._limit else 0

    def cancel_bytes(self) -> int:
        """Return the same for a cancel, which has some room beyond it: what it ends may be what fills the share."""
        return share + CANCEL_BYTES if (share := self.token_bytes()) else 0
