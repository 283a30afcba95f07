"""Standstills: work that waits without a known cause."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pec.messages import Reason
from pec.names import Queue
from pec.operations.doctor.checks import standing_checks
from pec.operations.status.overview import Lane, Overview, Work
from pec.operations.status.overview_json import overview_dict
from pec.operations.status.overview_warnings import warnings
from pec.operations.status.progress import clock
from pec.operations.status.standstills import losses, standstills, unserved
from pec.store.pacing import Usage
from tests.unit.cli.builders import NOW
from tests.unit.pec.operations.overviews import LONG_AGO, TOKEN, endpoint, lanes, overview


def waiting(**parts: Any) -> Overview:
    """Messages have waited for minutes, and no slot was given."""
    fine: dict[str, Any] = {
        "lanes": lanes(3, oldest_at=LONG_AGO),
        "tokens": {"t": replace(TOKEN, waiting=3)},
    }
    return overview(**{**fine, **parts})


def said(found: Overview) -> list[str]:
    return [one.what for one in standstills(found)]


def test_messages_that_wait_while_none_is_sent_are_reported() -> None:
    assert said(waiting()) == ["account acme: 3 messages wait, the oldest for 4 min, and none is sent"]


@pytest.mark.parametrize(
    "parts",
    [
        {"workers": []},
        {"tokens": {"t": replace(TOKEN, sends_lately=1)}},
        {"tokens": {"t": replace(TOKEN, interval_seconds=61.0)}},
        {"tokens": {"t": replace(TOKEN, on_hold_until=NOW + timedelta(minutes=1))}},
        {"tokens": {"t": replace(TOKEN, daily_cap=5, usage=Usage(5, 5))}},
        {"api_failures": 3, "probe_at": NOW},
        {"reconciling_since": LONG_AGO},
        {"lanes": lanes(3, oldest_at=NOW - timedelta(seconds=90))},
        {"lanes": lanes(3, oldest_at=LONG_AGO, paused=Reason("operator", ""))},
        {"lanes": lanes(3, oldest_at=LONG_AGO, served=False)},
        {"lanes": lanes(0)},
    ],
)
def test_where_there_is_a_cause_that_is_said_elsewhere_nothing_stands_still(parts: dict[str, Any]) -> None:
    assert said(waiting(**parts)) == []


def test_an_account_outside_the_rotation_is_reported_at_once_and_once() -> None:
    lost = lanes(3, oldest_at=NOW, out_of_turn=True)

    assert said(overview(lanes=lost)) == ["account acme: 3 messages wait and have no turn"]
    assert len(said(waiting(lanes=lanes(3, oldest_at=LONG_AGO, out_of_turn=True)))) == 1


def test_an_endpoint_that_lost_its_place_in_the_stream_is_reported() -> None:
    assert said(overview(endpoints=[endpoint(listening=False)])) == [
        "endpoint crm gets no events: its place in the stream is gone"
    ]
    assert said(overview(endpoints=[endpoint(listening=False, served=False)])) == []


def test_work_that_is_due_in_a_queue_that_no_worker_consumes_stands_still() -> None:
    due = {Queue.CHECK: Work(queue=Queue.CHECK, served=False, overdue=2)}
    idle = {Queue.CHECK: Work(queue=Queue.CHECK, served=False)}

    assert [one.what for one in unserved(overview(work=due))] == [
        "no live worker consumes check: 2 entries are due"
    ]
    assert list(unserved(overview(work=idle))) == []


def test_that_redis_came_back_empty_is_reported_for_a_week() -> None:
    lately, long_ago = overview(lost_at=LONG_AGO), overview(lost_at=NOW - timedelta(days=8))

    assert [one.what for one in losses(lately)] == [
        f"Redis came back empty at {clock(LONG_AGO, NOW)} in Rome"
    ]
    assert "restore the backup" in warnings(lately)[0]
    assert overview_dict(lately)["came_back_empty_at"]
    assert list(losses(long_ago)) == []


def test_programs_get_what_stands_still_too() -> None:
    [one] = overview_dict(waiting())["standing_still"]

    assert one["what"] == "account acme: 3 messages wait, the oldest for 4 min, and none is sent"
    assert one["remedy"]


def test_a_lane_that_goes_is_no_standstill() -> None:
    assert said(overview(lanes={"acme": Lane(account="acme", token="t", waiting=5)})) == []


@pytest.mark.parametrize(
    ("parts", "mark", "what", "remedy"),
    [
        (
            {"lanes": lanes(3, paused=Reason("operator", "paused by an operator"))},
            "note",
            "is paused",
            "resume acme",
        ),
        (
            {"lanes": lanes(0, paused=Reason("wallet", "the API's wallet is empty"))},
            "warn",
            "is empty",
            "top up",
        ),
        (
            {"endpoints": [endpoint(disabled=True)]},
            "warn",
            "crm answered 410 and is disabled",
            "--endpoint crm",
        ),
        (
            {"endpoints": [endpoint(failures=6)]},
            "warn",
            "endpoint crm failed 6 times in a row",
            "pec deliveries",
        ),
        ({"endpoints": [endpoint(dead=2)]}, "note", "endpoint crm has 2 dead letters", "pec replay"),
    ],
)
def test_doctor_names_what_a_pause_or_an_endpoint_holds_back_and_does_not_say_that_nothing_stands_still(
    parts: dict[str, Any], mark: str, what: str, remedy: str
) -> None:
    [one] = standing_checks(overview(**parts))
    assert (one.mark, what in one.what, remedy in one.remedy) == (mark, True, True)


def test_doctor_says_that_nothing_stands_still_if_that_is_so() -> None:
    assert [one.what for one in standing_checks(overview())] == ["nothing stands still"]
