"""The margin between two sends, learnt from how late they left."""

import pytest

from config.settings import Api
from workers import margin as margins
from workers.margin import Margin

JITTER = [0.0] * 20 + [0.0002] * 75 + [0.030] * 5


def learnt(*late: float) -> Margin:
    margin = Margin()
    for one in late:
        margin.observe(one)
    return margin


def test_it_covers_the_lateness_of_most_sends_but_not_of_a_few() -> None:
    assert learnt(*JITTER).seconds(Api(rate=1)) == 0.0002


def test_what_all_sends_are_late_by_counts_for_none() -> None:
    margin = learnt(*[one + 0.001 for one in JITTER])

    assert margin.seconds(Api(rate=1)) == pytest.approx(0.0002)
    assert margin.observe(0.006) == pytest.approx(0.005)


def test_a_machine_that_is_slower_than_others_moves_the_next_slot() -> None:
    """Else a send of a faster one would follow it too soon."""
    margin = learnt(*[one + 0.010 for one in JITTER])

    assert margin.observe(0.010) == pytest.approx(0.008)


def test_a_machine_without_jitter_has_one_for_the_network() -> None:
    assert learnt(*[0.0] * 100).seconds(Api(rate=1)) == margins.MIN_SECONDS


@pytest.mark.parametrize(("rate", "seconds"), [(1, 0.0015), (5, 0.0003)])
@pytest.mark.parametrize("late", [[], [0.0, 0.050] * 50])
def test_it_takes_little_of_the_pace_on_any_machine(rate: float, seconds: float, late: list[float]) -> None:
    assert learnt(*late).seconds(Api(rate=rate)) == pytest.approx(seconds)


def test_it_is_the_most_where_a_late_send_can_not_move_the_next() -> None:
    assert learnt(*JITTER).seconds(Api(rate=20)) == pytest.approx(0.001)


def test_it_is_the_most_for_a_while_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(margins, "local_clock", lambda: clock[0])
    margin = learnt(*JITTER)

    margin.note_refusal()
    assert margin.seconds(Api(rate=1)) == 0.003
    clock[0] += margins.REFUSED_SECONDS
    assert margin.seconds(Api(rate=1)) == 0.0002


@pytest.mark.parametrize(("setting", "seconds"), [(0.0, 0.0), (0.002, 0.002), (1.0, 0.02)])
def test_a_setting_takes_its_place(setting: float, seconds: float) -> None:
    assert learnt(*JITTER).seconds(Api(rate=1, margin_seconds=setting)) == seconds
