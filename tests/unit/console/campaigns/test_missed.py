"""Whom a batch did not reach, as pages ask for it."""

import pytest

from console.campaigns import missed
from console.campaigns.missed import MissedCache, NotReached
from pec.names import State
from pec.operations.batch_state import BatchState


class Loads:
    """Stands for Redis, and keeps for which batches it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, batch: str) -> NotReached:
        self.asked.append(batch)
        return [], len(self.asked)


def batch(name: str, refused: int) -> BatchState:
    counts = {State.REFUSED: refused}
    return BatchState(name, counts, size=9, ended=refused, completed_at=None, paused=None, last_at=None)


def test_a_batch_that_goes_on_is_not_read_at_each_look() -> None:
    loads = Loads()
    cache = MissedCache(loads)

    counts = [cache.get(batch("a", refused), goes_on=True)[1] for refused in range(5)]

    assert counts == [1] * 5
    assert cache.get(batch("b", 0), goes_on=True)[1] == 2


def test_the_end_of_a_batch_is_never_shown_old() -> None:
    cache = MissedCache(Loads())
    cache.get(batch("a", 1), goes_on=True)

    assert [cache.get(batch("a", 9), goes_on=False)[1] for _look in range(3)] == [2, 2, 2]


def test_what_is_old_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed, "KEPT_SECONDS", -1.0)
    cache = MissedCache(Loads())

    assert [cache.get(batch("a", 1), goes_on=True)[1] for _look in range(2)] == [1, 2]
