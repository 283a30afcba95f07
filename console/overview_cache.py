"""The overview, read at most once in two seconds, however many pages are open."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from pec.operations.status.overview import Overview

FRESH_SECONDS = 2.0


class OverviewCache:
    """Shared by all requests of the process."""

    def __init__(self, load: Callable[[], Overview]) -> None:
        self._load = load
        self._lock = Lock()
        self._kept: Overview | None = None
        self._at = 0.0

    def get(self) -> Overview:
        """Return the overview. While one request reads it, others wait for the same answer."""
        with self._lock:
            if self._kept is None or monotonic() - self._at > FRESH_SECONDS:
                self._kept, self._at = self._load(), monotonic()
            return self._kept

    def forget(self) -> None:
        """Read it again for the next page, because something was changed."""
        with self._lock:
            self._kept = None
