"""The page says what the result says, and what is published is written from it."""

import json
from pathlib import Path
from typing import Any

from bench import page
from bench.figures import Figure, Plot

ROOT = Path(__file__).parents[3]
PLOT = Plot("pace", "Share used", "sends", "%", {"ours": [("1/s", 99.0)]})


def result(*figures: Figure) -> dict[str, Any]:
    made = {
        "title": "Pace: how much is used.",
        "seconds": 3,
        "figures": [figure.as_dict() for figure in figures],
        "plots": [page.plot_as_dict(PLOT)],
        "notes": [],
        "more": {},
    }
    return {
        "date": "2026-11-25T05:00:00+00:00",
        "seconds": 600,
        "command": "make bench",
        "quick": False,
        "machine": {"cores": "2"},
        "benchmarks": {"pace": made},
    }


def test_a_target_that_was_missed_is_reported(tmp_path: Path) -> None:
    page.write(tmp_path / "page.md", result(Figure("share at 1/s", "share", 0.9, {"them": 0.5}, "≥ 0.985")))

    lines = (tmp_path / "page.md").read_text().splitlines()
    [row] = [line for line in lines if line.startswith("| share at 1/s")]
    assert row == "| share at 1/s (share) | 0.9 | 0.5 | 1.80 | ≥ 0.985 | **missed** |"


def test_the_reasons_for_missed_targets_close_the_page(tmp_path: Path) -> None:
    page.write(tmp_path / "page.md", result())

    assert (tmp_path / "page.md").read_text().endswith(page.MISSED.read_text())


def test_a_page_of_several_runs_does_not_call_itself_one(tmp_path: Path) -> None:
    page.write(tmp_path / "one.md", result())
    page.write(tmp_path / "two.md", {**result(), "note": "Of two runs."})

    assert "All figures are of one run." in (tmp_path / "one.md").read_text()
    assert "All figures are of one run." not in (tmp_path / "two.md").read_text()


def test_the_published_page_is_written_from_the_published_result(tmp_path: Path) -> None:
    published = json.loads((ROOT / "bench" / "result.json").read_text())
    baseline = json.loads(page.BASELINE.read_text()) if page.BASELINE.exists() else None

    page.write(tmp_path / "benchmarks.md", published, baseline)

    assert (tmp_path / "benchmarks.md").read_text() == (ROOT / "docs" / "benchmarks.md").read_text()


def test_what_was_saved_is_reported_in_time_and_not_in_shares(tmp_path: Path) -> None:
    now, before = result(), result()
    for made, milliseconds, share in ((now, 10.0, 0.5), (before, 20.0, 0.75)):
        profile = (
            {"redis-py": share, "HTTP": 1 - share} if made is now else {"redis-py": share, "gone": 1 - share}
        )
        more = {"profile": profile, "functions": [], "worker_ms": milliseconds}
        made["benchmarks"]["hot_path"] = {**made["benchmarks"]["pace"], "plots": [], "more": more}

    page.write(tmp_path / "page.md", now, before)

    lines = (tmp_path / "page.md").read_text().splitlines()
    assert "| redis-py | 15.00 | 5.00 | 50.0% |" in lines
    assert "| HTTP |  | 5.00 | 50.0% |" in lines
    assert "| gone | 5.00 |  | 0.0% |" in lines
    assert "| all | 20.0 | 10.0 | |" in lines
