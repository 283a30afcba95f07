"""The page's tables: every attack there is stands in them, also one that never came about."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.chaos import report
from tests.chaos.checker import CHECKS
from tests.chaos.plan import ANSWERS, CONSUMERS, CUSTODY, CUSTODY_POINTS, KILL_POINTS, TIMED
from tests.chaos.run import Result
from tests.chaos.table import main


def _printed(folder: Path, *results: Result) -> list[str]:
    files = [folder / f"{number}.json" for number, _ in enumerate(results)]
    for file, result in zip(files, results, strict=True):
        report.write_json([result], file)
    return CliRunner().invoke(main, [str(file) for file in files]).output.splitlines()


def _result(seed: int, **fields: Any) -> Result:
    return Result(
        seed,
        1000,
        1.0,
        3,
        Counter(stop=2),
        {"lost": ["m1 is queued"]},
        Counter(),
        0.0,
        5,
        replayed=4,
        **fields,
    )


def test_what_came_about_is_summed_over_all_files(tmp_path: Path) -> None:
    first = _result(1, answers=Counter({"307": 2}), circumstances=frozenset({"clocks apart"}))
    rows = _printed(tmp_path, first, _result(2, kill_points=Counter(picked=1), consumers=Counter(slow=3)))

    assert {
        "| in 2 runs, with 2 seeds | times |",
        "| messages | 2,000 |",
        "| worker processes killed | 6 |",
        "| dead letters that were replayed | 8 |",
        "| `picked` | 1 |",
        "| `stop` | 4 |",
        "| `307` | 2 |",
        "| `slow` | 3 |",
        "| `clocks apart` | 1 |",
        "| lost | 2 |",
    } <= set(rows)


def test_what_never_came_about_stands_there_as_0(tmp_path: Path) -> None:
    rows = set(_printed(tmp_path, Result(1, 1, 1.0, 0, Counter(), {}, Counter(), 0.0, 0)))

    answers = [name for _, _, faults in ANSWERS.values() for name in faults]
    assert {
        f"| `{name}` | 0 |"
        for name in (*KILL_POINTS, *CUSTODY_POINTS, *TIMED, *CUSTODY, *answers, *CONSUMERS)
    } <= rows
    assert {f"| {kind} | 0 |" for kind in CHECKS} <= rows


def test_a_result_says_all_that_the_table_asks(tmp_path: Path) -> None:
    report.write_json([_result(1)], tmp_path / "one.json")

    [run] = json.loads((tmp_path / "one.json").read_text())
    assert {"kill_points", "faults", "answers", "consumers", "circumstances", "replayed"} <= set(run)
