"""Codes are the local time and one or two digits, and unique."""

from datetime import UTC, datetime

from sandbox.clock import Instant
from sandbox.codes import Codes


def instant(moment: datetime) -> Instant:
    return Instant(0.0, moment.timestamp())


SUMMER = instant(datetime(2020, 8, 26, 8, 0, 34, tzinfo=UTC))


def test_a_code_begins_with_the_time_in_rome() -> None:
    assert Codes().next(SUMMER) == "202008261000340"
    assert Codes().next(instant(datetime(2020, 12, 31, 23, 0, 0, tzinfo=UTC))) == "202101010000000"


def test_one_code_can_be_the_prefix_of_another() -> None:
    codes = Codes()

    first, second = codes.next(SUMMER), codes.next(SUMMER)
    assert second.startswith(first)
    assert second != first


def test_a_second_has_a_code_for_every_one_or_two_digits() -> None:
    codes = Codes()
    given = {codes.next(SUMMER) for _ in range(110)}

    assert {code[:14] for code in given} == {"20200826100034"}
    assert len(given) == 110


def test_a_thousand_in_one_second_are_all_different_and_of_the_right_length() -> None:
    codes = Codes()
    given = [codes.next(SUMMER) for _ in range(1000)]

    assert len(set(given)) == 1000
    assert {len(code) for code in given} == {15, 16}


def test_the_hour_that_comes_twice_in_october_gives_no_code_twice() -> None:
    codes = Codes()
    twice = [datetime(2020, 10, 25, hour, 30, 0, tzinfo=UTC) for hour in (0, 1)]

    assert len({codes.next(instant(moment)) for moment in twice}) == 2
