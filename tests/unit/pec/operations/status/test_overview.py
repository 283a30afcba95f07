"""Warnings and recommendations of `pec status`, and its data."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pec.instants import to_text
from pec.messages import Reason
from pec.names import Queue, State
from pec.operations.status.overview import Work
from pec.operations.status.overview_json import overview_dict
from pec.operations.status.overview_warnings import recommendations, warnings
from pec.store.pacing import Usage
from tests.unit.cli.builders import NOW
from tests.unit.pec.operations.overviews import LONG_AGO, STREAMS, TOKEN, capped, endpoint, lanes, overview


def test_nothing_is_said_where_all_is_well() -> None:
    fine = overview(
        lanes=lanes(1000),
        endpoints=[endpoint(waiting=3)],
        tokens=capped(daily_cap=3500, usage=Usage(100, 100)),
        jobs=5,
        oldest_job_at=NOW - timedelta(seconds=5),
    )

    assert warnings(fine) == []


@pytest.mark.parametrize(
    ("parts", "remedy"),
    [
        ({"workers": []}, "`pec worker`"),
        ({"workers": [], "jobs": 3}, "3 jobs and 0 messages wait: start one"),
        ({"work": {Queue.SEND: Work(queue=Queue.SEND, served=False)}}, "`pec worker --queues send …`"),
        ({"jobs": 2, "oldest_job_at": LONG_AGO}, "2 jobs wait to be taken, the oldest for 4 min"),
        ({"messages": {State.HELD: 2}}, "`pec list --state held`"),
        ({"streams": {**STREAMS, "rejected": 1}}, "`pec list --rejected`"),
        ({"api_failures": 3, "probe_at": LONG_AGO}, "`pec doctor`"),
        ({"reconciling_since": LONG_AGO}, "start them without --reconcile"),
        ({"lanes": lanes(0, paused=Reason("operator", ""))}, "`pec resume acme`"),
        (
            {"lanes": lanes(0, paused=Reason("wallet", "the wallet is empty"))},
            "the API's wallet is empty: top up",
        ),
        ({"lanes": lanes(1, served=False)}, "start `pec worker`"),
        ({"endpoints": [endpoint(disabled=True)]}, "`pec resume --endpoint crm`"),
        (
            {"endpoints": [endpoint(failures=1)]},
            "`pec deliveries --endpoint crm --failed`; once it is back, `pec resume --endpoint crm`",
        ),
        ({"endpoints": [endpoint(dead=1)]}, "`pec replay --endpoint crm --dead`"),
        (
            {"tokens": capped(daily_cap=100, usage=Usage(100, 100))},
            "the daily cap of 100 is used up for acme: goes on at 2026-11-25 00:00 in Rome",
        ),
        (
            {"tokens": capped(monthly_cap=100, usage=Usage(5, 91))},
            "9 of the monthly cap of 100 are left for acme",
        ),
        (
            {"work": {Queue.CHECK: Work(queue=Queue.CHECK, overdue=7, overdue_since=LONG_AGO)}},
            "queue check is late: 7 due, the oldest for 4 min: add workers",
        ),
    ],
)
def test_what_stands_still_is_reported_once_with_its_remedy(parts: dict[str, Any], remedy: str) -> None:
    [line] = warnings(overview(**parts))

    assert remedy in line


def test_an_account_that_no_worker_serves_is_no_trouble_while_nothing_waits_in_it() -> None:
    assert warnings(overview(lanes=lanes(0, served=False))) == []


def test_more_threads_than_can_be_busy_are_called_waste() -> None:
    busy = overview(lanes=lanes(1), tokens=capped(waiting=1, post_seconds=1.2))

    assert recommendations(busy) == [
        "8 threads run. Sending at full pace can use 2, and the messages that wait now 1: "
        "more threads do not send faster"
    ]


def test_the_data_of_an_overview_say_when_a_lane_is_empty() -> None:
    [lane] = overview_dict(overview(lanes=lanes(90), tokens=capped(waiting=90)))["lanes"]

    assert (lane["seconds_to_empty"], lane["empty_at"]) == (90.0, "2026-11-24T12:01:30.000Z")


def test_no_thread_is_worth_having_for_what_a_cap_holds_back() -> None:
    few_left = replace(TOKEN, waiting=100, in_flight=4, daily_cap=10, usage=Usage(9, 9))

    assert few_left.threads_worth == 1
    assert replace(few_left, usage=Usage(10, 10)).threads_worth == 0
    assert replace(few_left, daily_cap=None).threads_worth == 4


def test_the_data_of_an_overview_say_since_when_workers_reconcile() -> None:
    assert overview_dict(overview(reconciling_since=LONG_AGO))["reconciling_since"] == to_text(LONG_AGO)
    assert overview_dict(overview())["reconciling_since"] is None
