"""Refuses new requests while Redis has no room: workers take no jobs then, and what waits would fill it to the end."""

import time

from config.settings import Settings
from pec.store import once
from pec.store.job_stream import MAX_MEMORY_SHARE, MAX_MEMORY_SHARE_ARCHIVING
from pec.store.store import Store
from producers import room
from producers.gateway.problems import unavailable

RETRY_SECONDS = 30.0
_TRUSTED_SECONDS = 1.0  # that room which was found is relied on: most sends cost no question


class Room:
    """For one process, whose threads share it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._intake_share = MAX_MEMORY_SHARE_ARCHIVING if settings.archive.url else MAX_MEMORY_SHARE
        self._trusted_until = 0.0

    def require(self, record: str, *, has_contents: bool) -> None:
        """Raise a 503 Problem if there is no room, unless the record is known: its request has an answer already.

        Contents stay in Redis until their job is taken, so they need as much room as those of other producers.
        """
        if time.monotonic() < self._trusted_until:
            return
        share = room.share_used(self._store)
        if share <= room.MAX_MEMORY_SHARE:
            self._trusted_until = time.monotonic() + _TRUSTED_SECONDS
        elif (has_contents or share > self._intake_share) and not once.is_known(self._store, record):
            raise unavailable("Redis has no room for new messages now: repeat it later", RETRY_SECONDS)
