"""Counts of this process by minute, for the console, until a heartbeat brings them to Redis."""

import time
from collections.abc import Callable
from threading import Lock

from pec.changes import Change
from pec.minute_figures import Timed, duration_name, error_name
from pec.store.minute_figures import MINUTE

ByMinute = dict[int, dict[str, int]]  # by the epoch second at which the minute begins


class MinuteCounts:
    """Counts by minute. For any number of threads."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = Lock()
        self._counts: ByMinute = {}

    def add(self, name: str) -> None:
        """Count one more under this name, now."""
        minute = int(self._now()) // MINUTE * MINUTE
        with self._lock:
            counts = self._counts.setdefault(minute, {})
            counts[name] = counts.get(name, 0) + 1

    @property
    def has_any(self) -> bool:
        """Return whether something was counted since the last `take`."""
        return bool(self._counts)

    def take(self) -> ByMinute:
        """Return all counts, and begin with none."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def give_back(self, taken: ByMinute) -> None:
        """Count what was taken in vain again, because Redis was away. Of a long outage, the last day counts."""
        with self._lock:
            for minute, counts in taken.items():
                known = self._counts.setdefault(minute, {})
                for name, count in counts.items():
                    known[name] = known.get(name, 0) + count
            for minute in sorted(self._counts)[:-1440]:
                del self._counts[minute]


MINUTES = MinuteCounts()


def count_call(timed: Timed, seconds: float) -> None:
    """Count a call to the API by its duration."""
    MINUTES.add(duration_name(timed, seconds))


def count_error(timed: Timed, kind: str) -> None:
    """Count a call to the API without a usable answer."""
    MINUTES.add(error_name(timed, kind))


def count_receipts(change: Change) -> None:
    """Count how long ACCETTAZIONE and CONSEGNA took, if the change shows them first."""
    before, after = change.before, change.after
    if after.sent_at is None:
        return
    for timed, known, at in (
        (Timed.ACCEPTED, before and before.accepted_at, after.accepted_at),
        (Timed.DELIVERED, before and before.delivered_at, after.delivered_at),
    ):
        if at and not known:
            MINUTES.add(duration_name(timed, max(0.0, (at - after.sent_at).total_seconds())))
