"""The margin between two sends: so much as this machine's jitter needs, learnt from how late its sends left."""

from collections import deque
from threading import Lock

from config.settings import Api
from pec.store import pacing
from pec.store.clock import local_clock

LEARNT_FROM, MIN_LEARNT_FROM = 100, 10  # sends
LOW, HIGH = 0.1, 0.9  # of them were less late
COMMON_SECONDS = 0.002  # so much lateness, at most, is taken for common to the sends of all machines
MIN_SECONDS = 0.0001  # for the network's own jitter
MAX_SHARE = 0.0015  # of an interval; a send that is later moves the next slot instead
REFUSED_SECONDS = 600.0  # for which a refusal counts: the API sees jitter that this machine does not


class Margin:
    """One for a process, whose sends it observes. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._late: deque[float] = deque(maxlen=LEARNT_FROM)
        self._refused_until = 0.0  # on the local clock

    def observe(self, late_seconds: float) -> float:
        """Note how long after the beginning of its slot a send's first byte left.

        Return how much of that is more than nearly all sends need: that takes nothing from their distance. It counts up
        to 2 ms only, because it is not common to all machines.
        """
        with self._lock:
            self._late.append(late_seconds)
            return late_seconds - min(self._usual(LOW), COMMON_SECONDS)

    def note_refusal(self) -> None:
        """Note that the API found a send too early."""
        self._refused_until = local_clock() + REFUSED_SECONDS

    def seconds(self, api: Api) -> float:
        """Return what to add to the interval after the next send."""
        most = pacing.margin_seconds(api)
        if (
            api.margin_seconds is not None
            or not pacing.are_given_late(api)
            or local_clock() < self._refused_until
        ):
            return most
        with self._lock:
            jitter = self._usual(HIGH) - self._usual(LOW) if self._knows() else most
        return min(most, MAX_SHARE / api.rate, max(MIN_SECONDS, jitter))

    def _knows(self) -> bool:
        return len(self._late) >= MIN_LEARNT_FROM

    def _usual(self, share: float) -> float:
        """Return by how much this share of sends was late at most; 0 while too few were observed."""
        return sorted(self._late)[int(len(self._late) * share)] if self._knows() else 0.0
