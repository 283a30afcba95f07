"""The report of many runs: a fault that never occurred does not count."""

from collections import Counter
from typing import Any

from tests.chaos.report import never_done, table
from tests.chaos.run import Result


def _result(**fields: Any) -> Result:
    return Result(1, 1, 1.0, 0, Counter(fields.pop("faults", {})), {}, Counter(), 0.0, 0, **fields)


def test_what_plans_had_in_mind_and_no_run_did_is_reported() -> None:
    aims = frozenset({"fault: stop", "point: picked", "answer: 307", "consumer: slow", "answer: 400"})
    first = _result(aims=aims, faults={"stop": 1}, answers=Counter({"307": 2, "400": 0}))
    second = _result(consumers=Counter({"slow": 3}))

    assert never_done([first, second]) == ["answer: 400", "point: picked"]


def test_what_one_run_missed_another_may_have_done() -> None:
    missed = _result(aims=frozenset({"point: picked"}))

    assert never_done([missed, _result(kill_points=Counter({"picked": 1}))]) == []


def test_the_table_reports_every_mood_of_a_consumer_also_that_none_met_it() -> None:
    rows = [line.split() for line in table([_result(consumers=Counter({"slow": 3}))])]

    assert ["consumer:", "slow", "3"] in rows
    assert ["consumer:", "too-slow", "0"] in rows
