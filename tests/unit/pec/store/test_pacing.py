"""The interval between two sends of a token, how early hints are given, and what a lost hint costs."""

import pytest

from config.settings import Api
from pec.store.pacing import hint_lease_seconds, interval_seconds, lead_seconds


@pytest.mark.parametrize(("rate", "seconds"), [(1, 1.003), (5, 0.203), (50, 0.0204), (1000, 0.00102)])
def test_the_margin_takes_little_of_a_fast_pace(rate: float, seconds: float) -> None:
    assert interval_seconds(Api(rate=rate)) == pytest.approx(seconds)


def test_no_margin_is_none() -> None:
    assert interval_seconds(Api(rate=50, margin_seconds=0)) == 0.02


def test_at_the_pace_of_the_api_a_lost_hint_costs_a_few_intervals() -> None:
    assert hint_lease_seconds(Api(rate=1)) <= 4 * interval_seconds(Api(rate=1))


@pytest.mark.parametrize("rate", [10, 100, 1000])
def test_at_a_fast_pace_hints_have_the_time_that_dispatch_takes(rate: float) -> None:
    assert hint_lease_seconds(Api(rate=rate)) >= 1.5


@pytest.mark.parametrize(("rate", "seconds"), [(1, 0.5), (4, 0.5), (50, 0.2)])
def test_a_hint_is_given_early_enough_to_prepare_a_send_but_not_much_before_slots_are(
    rate: float, seconds: float
) -> None:
    assert lead_seconds(Api(rate=rate)) == pytest.approx(seconds, abs=0.01)
