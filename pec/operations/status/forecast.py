"""Estimates when sends will be made, at a token's pace and under its caps. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pec.instants import day_start, month_start

MAX_PERIODS = 5000  # days and months looked ahead: 13 years


@dataclass(frozen=True, slots=True)
class Allowance:
    """How fast one token may send, and what is used up. Caps count sends a day and a month; None is no cap."""

    interval_seconds: float
    daily: int | None = None
    monthly: int | None = None
    sent_today: int = 0
    sent_this_month: int = 0


def sent_by(count: int, allowance: Allowance, now: datetime) -> datetime | None:
    """Return when the last of `count` sends that start now is made, or None if that is years away."""
    at, left = now, count
    today, this_month = allowance.sent_today, allowance.sent_this_month
    for _ in range(MAX_PERIODS):
        midnight, next_month = day_start(at, 1).astimezone(at.tzinfo), month_start(at, 1)
        possible = _possible(allowance, today, this_month, (midnight - at).total_seconds())
        if left <= possible:
            return at + timedelta(seconds=left * allowance.interval_seconds)
        left -= possible
        this_month = 0 if midnight == next_month else this_month + possible
        at, today = midnight, 0
    return None


def _possible(allowance: Allowance, today: int, this_month: int, seconds: float) -> int:
    """Return how many sends pace and caps allow in the rest of a day."""
    rooms = [int(seconds / allowance.interval_seconds)]
    if allowance.daily is not None:
        rooms.append(allowance.daily - today)
    if allowance.monthly is not None:
        rooms.append(allowance.monthly - this_month)
    return max(0, min(rooms))
