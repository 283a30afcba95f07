"""How early hints are given, and how long a token may wait for one that died with its process."""

import pytest

from config.settings import Api
from pec.store.pacing import interval_seconds
from workers.middleware.scheduler import hint_lease_seconds, lead_seconds


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
