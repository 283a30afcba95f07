"""When a run is over: all is as it should be, or patience ends."""

import time
from collections.abc import Callable

import redis

from tests.chaos.checker import check
from tests.chaos.observation import Observation

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 3.0  # more than a lease: what wakes up late, and does it again, is seen


def settled(
    look: Callable[[], Observation], step: Callable[[], object], patience_seconds: float
) -> tuple[Observation, dict[str, list[str]]]:
    """Looks until nothing is wrong twice, or patience ends: the last look is the verdict."""
    ends = time.monotonic() + patience_seconds
    look_at, clean = 0.0, 0
    while True:
        step()
        if time.monotonic() < look_at:
            continue
        try:
            seen = look()
        except redis.RedisError:
            continue
        harms = check(seen)
        clean = 0 if any(harms.values()) else clean + 1
        if clean == 2 or time.monotonic() > ends:
            return seen, harms
        look_at = time.monotonic() + (AGAIN_SECONDS if clean else LOOK_SECONDS)
