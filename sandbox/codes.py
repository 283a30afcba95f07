"""The codes of sends: local time to the second and one or two digits, never the same twice."""

from collections import Counter
from datetime import timedelta

from sandbox.clock import Instant

# 0, 00, 01, … 09, 1, 10, …: one code can be the prefix of another, as with real ones (PEC facts §2).
SUFFIXES = sorted([str(digit) for digit in range(10)] + [f"{number:02}" for number in range(100)])


class Codes:
    """Not safe for threads: the owner guards it."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def next(self, at: Instant) -> str:
        """A second that gave all its codes away borrows from the next."""
        local = at.in_rome().replace(tzinfo=None)
        while self._taken[second := f"{local:%Y%m%d%H%M%S}"] == len(SUFFIXES):
            local += timedelta(seconds=1)
        code = second + SUFFIXES[self._taken[second]]
        self._taken[second] += 1
        return code
