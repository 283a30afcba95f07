"""Redis's clock on this machine: an estimate, so that pace never depends on any worker's wall clock."""

import math
import threading
import time

_SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine is suspended
DRIFT = 2e-4  # seconds a second by which two quartz clocks may part


def local_clock() -> float:
    """Seconds since some fixed moment, also through a suspension of the machine."""
    return time.clock_gettime(_SOURCE)


class RedisClock:
    """Each reply that carries Redis's time bounds the difference of the clocks; the bounds are intersected.

    Safe to share among threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lower, self._upper, self._at = float("-inf"), float("inf"), 0.0

    def observe(self, redis_time: float, asked_at: float, heard_at: float) -> None:
        """Redis read its clock between these two local moments."""
        with self._lock:
            widened = DRIFT * max(
                0.0, heard_at - self._at
            )  # threads may come here in another order than they heard
            lower, limit = redis_time - heard_at, redis_time - asked_at
            narrow_lower, narrow_upper = max(lower, self._lower - widened), min(limit, self._upper + widened)
            if narrow_lower > narrow_upper:  # a clock was set, or it is another server
                narrow_lower, narrow_upper = lower, limit
            self._lower, self._upper, self._at = narrow_lower, narrow_upper, heard_at

    def now(self) -> float:
        """Redis's time now, in epoch seconds; this machine's until Redis was heard."""
        with self._lock:
            if math.isinf(self._lower):
                return time.time()
            return local_clock() + (self._lower + self._upper) / 2

    def error_seconds(self) -> float:
        """By how much `now` and `local` can be wrong."""
        with self._lock:
            return (self._upper - self._lower) / 2

    def local(self, redis_time: float) -> float:
        """The local moment at which Redis's clock shows this time."""
        with self._lock:
            return redis_time - (self._lower + self._upper) / 2
