"""The outcomes of one try of a delivery, and the wait before the next. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pec.instants import delay
from pec.webhooks.answers import Answer

_MAX_ASKED_SECONDS = 86_400  # an endpoint may ask us to wait a day, not for ever


@dataclass(frozen=True, slots=True)
class Delivered:
    """2xx."""

    answer: Answer | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Gone:
    """410: the endpoint wants nothing more, until an operator says otherwise."""

    answer: Answer | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Anything else: try again. `why` is for people and holds no URL, because a URL may hold a password."""

    why: str
    status: int | None = None
    retry_after_seconds: float | None = None
    code: str = field(default="", compare=False)  # of pec.webhooks.failures
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)
    answer: Answer | None = field(default=None, compare=False)


Outcome = Delivered | Gone | Failed


def wait_before_next(
    schedule_seconds: Sequence[float], tries: int, failed: Failed, chance: float
) -> timedelta | None:
    """Return the wait after a failure that `tries` others preceded; None after the schedule's last.

    Retry-After makes the wait longer, up to a day, never shorter. `chance` is in [0, 1).
    """
    if tries >= len(schedule_seconds):
        return None
    asked = timedelta(seconds=min(failed.retry_after_seconds or 0, _MAX_ASKED_SECONDS))
    return max(delay(schedule_seconds, tries, chance), asked)
