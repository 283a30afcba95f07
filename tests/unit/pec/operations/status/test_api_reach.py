"""Hosts that don't reach the API are named by status and doctor."""

from dataclasses import replace
from datetime import timedelta

from pec.messages import Reason
from pec.names import Queue
from pec.operations.doctor.checks import standing_checks
from pec.operations.status.api_reach import nobody_reaches, out_of_reach
from pec.operations.status.findings import Mark
from pec.operations.status.overview import Worker
from pec.operations.status.overview_json import overview_dict
from pec.operations.status.overview_warnings import warnings
from pec.operations.status.standstills import standstills
from pec.reasons import reason_by_code
from tests.unit.cli.builders import NOW
from tests.unit.pec.operations.overviews import LONG_AGO, TOKEN, lanes, overview

WHY = reason_by_code("timeout", may_have_left=False, cause="timed out")
GOOD = Worker(id="a", host="h1")
LOST = Worker(id="b", host="h2", api_lost=WHY, api_lost_since=NOW - timedelta(seconds=40))


def test_a_host_is_named_once_with_the_time_and_the_cause() -> None:
    earlier = replace(LOST, id="c", api_lost_since=NOW - timedelta(minutes=5))
    found = overview(workers=[LOST, GOOD, earlier])

    [one] = out_of_reach(found)

    assert one.mark is Mark.WARN
    assert one.what == (
        "host h2: 2 worker processes do not reach the API since 12:55:00 in Rome: the API can't be reached: timed out"
    )
    assert "other hosts go on" in one.remedy
    assert one.what in "".join(warnings(found))
    assert one in list(standing_checks(found)), "doctor says it too"


def test_it_is_a_failure_if_no_worker_that_sends_reaches_the_api() -> None:
    hooks = replace(GOOD, queues=(str(Queue.WEBHOOK),))

    [one] = out_of_reach(overview(workers=[LOST, hooks]))

    assert one.mark is Mark.FAIL
    assert nobody_reaches(overview(workers=[LOST, hooks])) == WHY
    assert nobody_reaches(overview(workers=[LOST, GOOD])) is None
    assert nobody_reaches(overview(workers=[])) is None


def test_then_what_waits_stands_still_for_a_known_cause() -> None:
    waiting = overview(
        workers=[LOST], lanes=lanes(3, oldest_at=LONG_AGO), tokens={"t": replace(TOKEN, waiting=3)}
    )

    assert not list(standstills(waiting))
    assert list(standstills(replace(waiting, workers=[GOOD])))


def test_programs_read_it_of_each_worker() -> None:
    first, second = overview_dict(overview(workers=[GOOD, LOST]))["workers"]

    assert (first["api_lost"], first["api_lost_since"]) == (None, None)
    assert second["api_lost"]["code"] == "timeout"
    assert second["api_lost_since"].endswith("Z")


def test_a_reason_of_a_newer_version_is_shown_as_it_describes_itself() -> None:
    [one] = out_of_reach(overview(workers=[replace(LOST, api_lost=Reason("odd", "it is odd"))]))

    assert one.what.endswith("it is odd")
