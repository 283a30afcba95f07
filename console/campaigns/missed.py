"""Whom a batch did not reach: read at most once in 30 s while the batch goes on, however often pages ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from pec.messages import Message
from pec.names import State
from pec.operations.batch_state import BatchState

SHOWN = 50  # messages on a page
KEPT_SECONDS = 30.0

NotReached = tuple[list[Message], int]  # some of them, and how many there are


@dataclass(frozen=True, slots=True)
class _Kept:
    found: NotReached
    counts: Mapping[State, int]
    at: float


class MissedCache:
    """Shared by all requests of the process."""

    def __init__(self, load: Callable[[str], NotReached]) -> None:
        self._load = load
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def get(self, batch: BatchState, *, goes_on: bool) -> NotReached:
        """Return them. Once the batch has ended, the page asks no more: then they are as new as its counts."""
        with self._lock:
            self._kept = {name: one for name, one in self._kept.items() if _is_fresh(one)}
            kept = self._kept.get(batch.name)
            if kept is None or not (goes_on or kept.counts == batch.counts):
                kept = _Kept(self._load(batch.name), batch.counts, monotonic())
                self._kept[batch.name] = kept
            return kept.found


def _is_fresh(kept: _Kept) -> bool:
    return monotonic() - kept.at <= KEPT_SECONDS
