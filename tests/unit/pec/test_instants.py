"""Days and months of Rome, whichever offset they have."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.instants import ROME, day_start, month_start
from tests.unit.pec.strategies import PATIENT

instants = st.builds(datetime.fromtimestamp, st.integers(0, 4 * 10**9), st.sampled_from([UTC, ROME]))


@pytest.mark.parametrize(
    ("at", "hours"), [("2026-03-29T12:00Z", 23), ("2026-10-25T12:00Z", 25), ("2026-11-29T12:00Z", 24)]
)
def test_a_day_has_the_hours_that_it_has_in_rome(at: str, hours: int) -> None:
    instant = datetime.fromisoformat(at)

    length = day_start(instant, 1).astimezone(UTC) - day_start(instant).astimezone(UTC)

    assert length == timedelta(hours=hours)


def test_a_day_begins_by_the_clock_of_rome() -> None:
    assert day_start(datetime(2026, 11, 28, 23, 30, tzinfo=UTC)) == datetime(2026, 11, 28, 23, tzinfo=UTC)
    assert month_start(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)).isoformat() == "2027-01-01T00:00:00+01:00"


@given(instants, st.integers(-30, 30))
@PATIENT
def test_days_and_months_follow_each_other(at: datetime, shift: int) -> None:
    assert day_start(at) <= at < day_start(at, 1)
    assert month_start(at) <= day_start(at) <= at < month_start(at, 1)
    assert day_start(day_start(at, shift), -shift) == day_start(at)
    assert month_start(month_start(at, shift), -shift) == month_start(at)
