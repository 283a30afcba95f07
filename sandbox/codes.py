"""The codes of sends: local time to the second and some digits, never the same twice."""

from collections import Counter
from datetime import timedelta

from sandbox.clock import Instant

# 0, 00, 01, … 09, 1, 10, …: one code can be the prefix of another, as with real ones.
SUFFIXES = sorted([str(digit) for digit in range(10)] + [f"{number:02}" for number in range(100)])


def _numbers(digits: int) -> list[str]:
    """Return 0…0 to 0…99, or as many as there are."""
    return [f"{number:0{digits}}" for number in range(min(100, 10**digits))]


class Codes:
    """Not safe for threads: the owner guards it."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def next(self, at: Instant, digits: int | None = None) -> str:
        """Return a code with so many digits after the time; None: with one or two.

        A second that gave all its codes away borrows from the next.
        """
        suffixes = SUFFIXES if digits is None else _numbers(digits)
        local = at.in_rome().replace(tzinfo=None)
        while self._taken[second := f"{local:%Y%m%d%H%M%S}"] >= len(suffixes):
            local += timedelta(seconds=1)
        code = second + suffixes[self._taken[second]]
        self._taken[second] += 1
        return code
