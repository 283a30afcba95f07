"""Whom a batch did not reach, as pages ask for it."""

import pytest

from console.campaigns import missed
from console.campaigns.missed import MissedCache, NotReached
from pec.names import State
from pec.operations.batch_state import BatchState


class Loads:
    """Stands for Redis, and keeps for which batches it was asked. Each reading takes a second of its clock."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 0.0

    def __call__(self, batch: str) -> NotReached:
        self.asked.append(batch)
        self.now += 1
        return [], len(self.asked)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    made = Loads()
    monkeypatch.setattr(missed, "monotonic", lambda: made.now)
    return made


def batch(name: str, refused: int) -> BatchState:
    counts = {State.REFUSED: refused}
    return BatchState(name, counts, size=9, ended=refused, completed_at=None, paused=None, last_at=None)


def test_a_batch_that_goes_on_is_not_read_at_each_look(loads: Loads) -> None:
    cache = MissedCache(loads)

    counts = [cache.get(batch("a", refused), goes_on=True)[1] for refused in range(5)]

    assert counts == [1] * 5
    assert cache.get(batch("b", 0), goes_on=True)[1] == 2


def test_a_batch_that_goes_on_is_read_again_after_a_rest(loads: Loads) -> None:
    cache = MissedCache(loads)
    cache.get(batch("a", 1), goes_on=True)
    loads.now += 20

    assert cache.get(batch("a", 1), goes_on=True)[1] == 1  # nothing is new
    assert cache.get(batch("a", 2), goes_on=True)[1] == 2


def test_the_end_of_a_batch_is_never_shown_old(loads: Loads) -> None:
    cache = MissedCache(loads)
    cache.get(batch("a", 1), goes_on=True)

    assert [cache.get(batch("a", 9), goes_on=False)[1] for _look in range(3)] == [2, 2, 2]


def test_what_is_old_is_read_again(loads: Loads) -> None:
    cache = MissedCache(loads)
    cache.get(batch("a", 1), goes_on=True)
    loads.now += missed.KEPT_SECONDS + 1

    assert cache.get(batch("a", 1), goes_on=True)[1] == 2
