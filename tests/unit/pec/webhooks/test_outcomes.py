"""When a delivery that failed is tried again."""

from datetime import timedelta

import pytest

from pec.webhooks.outcomes import Failed, wait_before_next

SCHEDULE = [5.0, 300.0, 1800.0]
EVEN = 0.5  # the chance at which there is no jitter


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 300), (2, 1800)])
def test_the_schedule_is_followed(tries: int, seconds: float) -> None:
    assert wait_before_next(SCHEDULE, tries, Failed("500"), EVEN) == timedelta(seconds=seconds)


def test_after_the_last_retry_there_is_no_other() -> None:
    assert wait_before_next(SCHEDULE, 3, Failed("500"), EVEN) is None


def test_chance_spreads_the_retries() -> None:
    waits = [wait_before_next(SCHEDULE, 1, Failed("500"), chance) for chance in (0.0, EVEN, 0.99)]

    assert waits == [timedelta(seconds=seconds) for seconds in (270, 300, 329.4)]


@pytest.mark.parametrize(("asked", "seconds"), [(60, 60), (1, 5), (10**9, 86_400)])
def test_retry_after_makes_the_wait_longer_up_to_a_day_never_shorter(asked: float, seconds: float) -> None:
    failed = Failed("429", 429, retry_after_seconds=asked)

    assert wait_before_next(SCHEDULE, 0, failed, EVEN) == timedelta(seconds=seconds)


def test_retry_after_does_not_outlast_the_schedule() -> None:
    assert wait_before_next(SCHEDULE, 3, Failed("503", 503, retry_after_seconds=60), EVEN) is None
