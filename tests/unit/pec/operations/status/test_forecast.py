"""When sends will be made, under pace and caps."""

from datetime import UTC, datetime, timedelta

from pec.operations.status.forecast import Allowance, sent_by

NOON = datetime(2026, 11, 25, 11, tzinfo=UTC)  # 12:00 in Rome
MIDNIGHT = datetime(2026, 11, 25, 23, tzinfo=UTC)  # the 26th begins in Rome


def test_without_caps_sends_follow_each_other_at_their_pace() -> None:
    assert sent_by(100, Allowance(interval_seconds=2), NOON) == NOON + timedelta(seconds=200)


def test_what_the_daily_cap_leaves_is_sent_today_and_the_rest_from_midnight_in_rome() -> None:
    allowance = Allowance(interval_seconds=1, daily=3500, sent_today=3000)

    assert sent_by(500, allowance, NOON) == NOON + timedelta(seconds=500)
    assert sent_by(501, allowance, NOON) == MIDNIGHT + timedelta(seconds=1)
    assert sent_by(500 + 3500 + 1, allowance, NOON) == MIDNIGHT + timedelta(days=1, seconds=1)


def test_the_monthly_cap_waits_for_the_first_of_the_month() -> None:
    allowance = Allowance(interval_seconds=1, monthly=30_000, sent_this_month=29_990)

    assert sent_by(11, allowance, NOON) == datetime(2026, 11, 30, 23, 0, 1, tzinfo=UTC)


def test_a_pace_that_a_day_is_too_short_for_goes_on_the_next() -> None:
    left_today = 12 * 3600

    assert sent_by(left_today + 10, Allowance(interval_seconds=1), NOON) == MIDNIGHT + timedelta(seconds=10)


def test_days_are_counted_through_the_change_of_the_clocks() -> None:
    saturday = datetime(2026, 10, 24, 10, tzinfo=UTC)  # 12:00 in Rome, summer time; Sunday has 25 hours

    assert sent_by(21, Allowance(interval_seconds=1, daily=10), saturday) == datetime(
        2026, 10, 25, 23, 0, 1, tzinfo=UTC
    )


def test_what_would_take_many_years_is_not_reported() -> None:
    assert sent_by(10**9, Allowance(interval_seconds=1, daily=1), NOON) is None
