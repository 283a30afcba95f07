"""Redis's clock on this machine: an estimate, so that pace never depends on any worker's wall clock."""

import math
import threading
import time

_SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine is suspended
DRIFT = 2e-4  # seconds in a second by which two quartz clocks may drift apart


def local_clock() -> float:
    """Return seconds since a fixed moment. They go on while the machine is suspended."""
    return time.clock_gettime(_SOURCE)


class RedisClock:
    """Each reply that carries Redis's time bounds the difference of the clocks; the bounds are intersected.

    Safe to share among threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lower, self._upper, self._at = float("-inf"), float("inf"), 0.0

    def observe(self, redis_time: float, asked_at: float, replied_at: float) -> None:
        """Narrow the bounds: Redis read its clock between these two local moments."""
        with self._lock:
            # Not below 0: threads may come here in another order than their replies.
            widened = DRIFT * max(0.0, replied_at - self._at)
            lower, upper = redis_time - replied_at, redis_time - asked_at
            narrow_lower, narrow_upper = max(lower, self._lower - widened), min(upper, self._upper + widened)
            if narrow_lower > narrow_upper:  # a clock was set, or it is another server
                narrow_lower, narrow_upper = lower, upper
            self._lower, self._upper, self._at = narrow_lower, narrow_upper, replied_at

    def now(self) -> float:
        """Return Redis's time in epoch seconds, or this machine's before the first reply."""
        with self._lock:
            if math.isinf(self._lower):
                return time.time()
            return local_clock() + (self._lower + self._upper) / 2

    def error_seconds(self) -> float:
        """Return by how much `now` and `local` can be wrong."""
        with self._lock:
            return (self._upper - self._lower) / 2

    def local(self, redis_time: float) -> float:
        """Return the local moment at which Redis's clock shows this time."""
        with self._lock:
            return redis_time - (self._lower + self._upper) / 2
