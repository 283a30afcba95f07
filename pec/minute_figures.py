"""Figures of a minute: calls to the API with their durations and errors, and how long receipts took. Pure.

A figure is a count under a short name: a kind, and the number of a bucket of durations or the kind of an error. Counts
of minutes and of processes are summed by adding them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import accumulate

Counts = Mapping[str, int]


class Timed(StrEnum):
    """A wait that is timed. The value begins the name of its counts."""

    SEND = "s"  # POST /send, from its first byte
    READ = "r"  # every other call
    ACCEPTED = "a"  # from the send to the date of ACCETTAZIONE
    DELIVERED = "d"  # from the send to the date of CONSEGNA


CALL_SECONDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60)
RECEIPT_SECONDS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
BUCKETS = {
    Timed.SEND: CALL_SECONDS,
    Timed.READ: CALL_SECONDS,
    Timed.ACCEPTED: RECEIPT_SECONDS,
    Timed.DELIVERED: RECEIPT_SECONDS,
}
_ERROR = "e"


def duration_name(timed: Timed, seconds: float) -> str:
    """Return the name under which a duration counts."""
    return f"{timed}{bisect_left(BUCKETS[timed], seconds)}"


def error_name(timed: Timed, kind: str) -> str:
    """Return the name under which a call without a usable answer counts."""
    return f"{_ERROR}{timed}:{kind}"


def total(counts: Counts, timed: Timed) -> int:
    """Return how many durations were counted."""
    return sum(_of(counts, timed))


def errors(counts: Counts) -> dict[str, int]:
    """Return the calls without a usable answer, by kind, sends and others together."""
    found: dict[str, int] = {}
    for name, count in counts.items():
        if name.startswith(_ERROR):
            kind = name.partition(":")[2]
            found[kind] = found.get(kind, 0) + count
    return found


def quantile(counts: Counts, timed: Timed, share: float) -> float | None:
    """Return about how long this share of the calls or receipts took at most, in seconds; None without any.

    The answer lies in the right bucket. Inside, durations are taken to be spread evenly.
    """
    edges, each = (0.0, *BUCKETS[timed]), _of(counts, timed)
    wanted = share * sum(each)
    if not wanted:
        return None
    for at, reached in enumerate(accumulate(each)):
        if reached >= wanted:
            low, high = edges[at], edges[min(at + 1, len(edges) - 1)]
            return low + (high - low) * (wanted - (reached - each[at])) / each[at]
    return None


def added(counts: Iterable[Counts]) -> dict[str, int]:
    """Return the sums."""
    found: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            found[name] = found.get(name, 0) + count
    return found


def _of(counts: Counts, timed: Timed) -> list[int]:
    return [counts.get(f"{timed}{at}", 0) for at in range(len(BUCKETS[timed]) + 1)]
