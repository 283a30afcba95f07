"""When messages in line are likely sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pec.messages import Reason
from pec.operations.status.lane_forecast import empty_at, goes_on_at, last_turn_at, turn_at, used_up
from pec.operations.status.overview import Lane
from pec.store.pacing import Usage
from tests.unit.cli.builders import NOW
from tests.unit.pec.operations.overviews import TOKEN, overview

MIDNIGHT = NOW + timedelta(hours=11)  # in Rome


def lane(account: str, waiting: int, **parts: Any) -> Lane:
    return Lane(account=account, token="t", waiting=waiting, **parts)


def two(token: Any = TOKEN, **of_beta: Any) -> Any:
    return overview(lanes={"acme": lane("acme", 3), "beta": lane("beta", 5, **of_beta)}, tokens={"t": token})


def test_accounts_of_a_token_rotate() -> None:
    assert turn_at(two(), "acme", 2) == NOW + timedelta(seconds=6)
    assert empty_at(two(), "beta") == NOW + timedelta(seconds=8)


def test_an_account_that_stands_still_takes_no_slot_and_has_none() -> None:
    still = two(paused=Reason("wallet", ""))

    assert turn_at(still, "acme", 2) == NOW + timedelta(seconds=3)
    assert turn_at(still, "beta", 0) is None
    assert empty_at(two(served=False), "beta") is None


def test_another_token_s_accounts_are_not_in_the_way() -> None:
    apart = overview(
        lanes={"acme": lane("acme", 3), "beta": replace(lane("beta", 5), token="other")}, tokens={"t": TOKEN}
    )

    assert turn_at(apart, "acme", 2) == NOW + timedelta(seconds=3)


def test_what_a_cap_leaves_goes_today_and_the_rest_after_midnight() -> None:
    capped = two(replace(TOKEN, daily_cap=100, usage=Usage(96, 96)))

    assert turn_at(capped, "acme", 1) == NOW + timedelta(seconds=4)
    assert turn_at(capped, "acme", 2) == MIDNIGHT + timedelta(seconds=2)


def test_a_cap_that_is_used_up_says_when_it_goes_on() -> None:
    full = replace(TOKEN, daily_cap=100, usage=Usage(100, 100))

    assert used_up(full) == ("daily", 100)
    assert goes_on_at(two(full), full) == MIDNIGHT
    assert used_up(replace(full, monthly_cap=100)) == ("monthly", 100)
    assert used_up(replace(full, daily_cap=101)) is None


def test_a_token_that_was_asked_to_wait_starts_later() -> None:
    asked = two(replace(TOKEN, on_hold_until=NOW + timedelta(seconds=60)))

    assert turn_at(asked, "acme", 0) == NOW + timedelta(seconds=62)


def test_all_are_sent_when_the_last_is_and_one_without_a_forecast_leaves_it_open() -> None:
    assert last_turn_at(two(), {"acme": 2, "beta": 4}) == NOW + timedelta(seconds=8)
    assert last_turn_at(two(), {"acme": 2, "beta": None}) is None
    assert last_turn_at(two(), {}) is None
