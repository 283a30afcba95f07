"""Time, without a clock: instants as Redis and JSON carry them, days and months of Rome, waits between attempts.

Instants are RFC 3339 in UTC for people, epoch seconds for sorted sets.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")  # of the API's times, of its caps' days and months, of what people read
JITTER = 0.1  # of a wait, either way, so that what came together does not come back together


def to_text(instant: datetime) -> str:
    """Return `2026-11-23T09:30:00.000Z`: always UTC, always milliseconds, so that texts sort as instants do."""
    return _utc_text(instant.astimezone(UTC))


@lru_cache(
    256
)  # an event repeats times of those before it. Of UTC only: instants of Rome's 25th hour are no keys
def _utc_text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")[:-6] + "Z"  # some times faster than strftime


def from_text(text: str) -> datetime:
    """Return the instant in UTC. Raise ValueError if the text is no RFC 3339 instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# Days and months


def day_start(at: datetime, days: int = 0) -> datetime:
    """Return the midnight of Rome that began the day, or a day before or after it, whichever offset it has."""
    day = at.astimezone(ROME).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=ROME)


def month_start(at: datetime, months: int = 0) -> datetime:
    """Return the midnight of Rome that began the month, or a month before or after it."""
    here = at.astimezone(ROME)
    count = here.year * 12 + here.month - 1 + months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=ROME)


# Waits


def delay(schedule_seconds: Sequence[float], attempt: int, chance: float) -> timedelta:
    """Return the wait after `attempt` (from 0) attempts; past the end the last repeats. `chance` is in [0, 1)."""
    seconds = schedule_seconds[min(attempt, len(schedule_seconds) - 1)]
    return timedelta(seconds=seconds * (1 - JITTER + 2 * JITTER * chance))


def doubling(first_seconds: float, max_seconds: float, attempt: int, chance: float) -> timedelta:
    """Return the first wait, doubled with each attempt (from 0), up to a maximum."""
    seconds = min(max_seconds, first_seconds * 2 ** min(attempt, 30))
    return delay([seconds], 0, chance)
