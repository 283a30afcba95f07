"""Whom a batch did not reach: while it goes on, that is read in a small share of the time, however often pages ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from pec.messages import Message
from pec.names import State
from pec.operations.batch_state import BatchState

SHOWN = 50  # messages on a page
KEPT_SECONDS = 30.0
_REST = 20  # times as long as a reading took, until the next one of a batch that goes on

NotReached = tuple[list[Message], int]  # some of them, and how many there are


@dataclass(frozen=True, slots=True)
class _Kept:
    found: NotReached
    counts: Mapping[State, int]
    at: float
    rests_until: float


class MissedCache:
    """Shared by all requests of the process."""

    def __init__(self, load: Callable[[str], NotReached]) -> None:
        self._load = load
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def get(self, batch: BatchState, *, goes_on: bool) -> NotReached:
        """Return them. Once the batch has ended, the page asks no more: then they are as new as its counts."""
        with self._lock:
            now = monotonic()
            self._kept = {name: one for name, one in self._kept.items() if now - one.at <= KEPT_SECONDS}
            kept = self._kept.get(batch.name)
            if kept is None or not (kept.counts == batch.counts or (goes_on and now < kept.rests_until)):
                kept = self._read(batch, now)
                self._kept[batch.name] = kept
            return kept.found

    def _read(self, batch: BatchState, began: float) -> _Kept:
        found = self._load(batch.name)
        ended = monotonic()
        return _Kept(found, batch.counts, ended, ended + _REST * (ended - began))
