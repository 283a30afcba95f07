"""Whether this process reaches the API. A host that reaches only Redis leaves calls to others until it reaches both.

Each process finds out for itself: `workers.middleware.api_watch` probes, tasks and the scheduler ask.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Protocol

from pec.messages import Reason
from pec.names import Queue

PATIENCE_SECONDS = 2.0  # for a connection of a send to open, before the API is doubted
PATIENCE_OPENINGS = 2  # the same, as a multiple of the time that the last connection took
_CALLS = (Queue.SEND, Queue.CHECK, Queue.INBOX_SCAN, Queue.LOOKUP, Queue.QUOTA)


class OnTheWire(Protocol):
    """A permit to send, which holds one of the token's places on the wire."""

    def free_place(self) -> None:
        """Let another send have the place."""


class ApiReach:
    """A doubt begins with a connection that fails or does not open in time, and ends with one that opens.

    A probe that fails makes the doubt certain: then `lost` has the reason. Safe to share among threads.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._opening: dict[OnTheWire, float] = {}  # permits whose connection is being opened, and since when
        self._opened_in_seconds = 0.0
        self.doubted_since: datetime | None = None
        self.lost: Reason | None = None

    @property
    def is_good(self) -> bool:
        return self.doubted_since is None

    def serves(self, queue: str) -> bool:
        """Return whether this process can do the tasks of the queue now."""
        return self.is_good or queue not in _CALLS

    def start_opening(self, permit: OnTheWire) -> None:
        with self._lock:
            self._opening[permit] = self._clock()

    def end_opening(self, permit: OnTheWire, *, opened: bool = False) -> bool:
        """Note that the connection is open, or was given up. Return False if it had ended or its place was freed."""
        with self._lock:
            began = self._opening.pop(permit, None)
            if opened and began is not None:
                self._opened_in_seconds = self._clock() - began
            return began is not None

    def is_slow(self) -> bool:
        """Return whether a connection should be open by now and is not."""
        patience = max(PATIENCE_SECONDS, PATIENCE_OPENINGS * self._opened_in_seconds)
        with self._lock:
            return any(self._clock() - began > patience for began in self._opening.values())

    def free_places(self) -> None:
        """Free the place of each permit whose connection is not open yet.

        A connection that opens meanwhile waits for the lock: so a place is never freed after a claim took it.
        """
        with self._lock:
            while self._opening:
                permit, _ = self._opening.popitem()
                permit.free_place()

    def doubt(self, now: datetime) -> None:
        """Note that a connection to the API failed, or does not open."""
        with self._lock:
            self.doubted_since = self.doubted_since or now

    def lose(self, reason: Reason) -> bool:
        """Note that a probe failed too. Return whether that is news."""
        with self._lock:
            news, self.lost = self.lost is None, reason
        return news

    def find(self, in_seconds: float) -> bool:
        """Note that a probe opened a connection in this time. Return whether the API had been lost."""
        with self._lock:
            was_lost, self.lost, self.doubted_since = self.lost is not None, None, None
            self._opened_in_seconds = in_seconds
        return was_lost
