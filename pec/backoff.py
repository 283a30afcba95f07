"""How long to wait before the next check or attempt: pure functions of schedule, attempt and chance."""

from collections.abc import Sequence
from datetime import timedelta

JITTER = 0.1  # a tenth either way, so that what came together does not come back together


def delay(schedule_seconds: Sequence[float], attempt: int, chance: float) -> timedelta:
    """Return the wait after `attempt` (from 0) attempts; past the end the last repeats. `chance` is in [0, 1)."""
    seconds = schedule_seconds[min(attempt, len(schedule_seconds) - 1)]
    return timedelta(seconds=seconds * (1 - JITTER + 2 * JITTER * chance))


def doubling(first_seconds: float, max_seconds: float, attempt: int, chance: float) -> timedelta:
    """Return the first wait, doubled with each attempt (from 0), up to a maximum."""
    seconds = min(max_seconds, first_seconds * 2 ** min(attempt, 30))
    return delay([seconds], 0, chance)
