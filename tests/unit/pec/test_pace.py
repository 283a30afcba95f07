"""The interval between two sends of a token."""

import pytest

from config.settings import Api
from pec.store.pacing import interval_seconds


@pytest.mark.parametrize(("rate", "seconds"), [(1, 1.003), (5, 0.203), (50, 0.0204), (1000, 0.00102)])
def test_the_margin_takes_little_of_a_fast_pace(rate: float, seconds: float) -> None:
    assert interval_seconds(Api(rate=rate)) == pytest.approx(seconds)


def test_no_margin_is_none() -> None:
    assert interval_seconds(Api(rate=50, margin_seconds=0)) == 0.02
