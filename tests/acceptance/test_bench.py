"""The benches run, and say what they measured. Their figures mean nothing here: the machine is busy testing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.page import draw_plots
from bench.site import PEERS_PYTHON

ROOT = Path(__file__).parents[2]
ABOUT = {
    "processor",
    "cores",
    "memory",
    "system",
    "python",
    "server",
    "dramatiq",
    "celery",
    "taskiq",
    "commit",
}


def test_a_quick_run_reports_every_figure_of_what_it_measures(tmp_path: Path) -> None:
    written = tmp_path / "result.json"
    command = [sys.executable, "-m", "bench", "producing", "calls", "verify", "--quick"]

    subprocess.run([*command, "--json", str(written)], cwd=ROOT, check=True, timeout=150)

    result = json.loads(written.read_text())
    assert result["machine"].keys() >= ABOUT
    assert names(result, "producing") == names(published(), "producing")
    assert names(result, "calls") == names(published(), "calls")
    assert names(result, "verify") == names(published(), "verify")
    assert all(
        figure["ours"] is not None for figure in figures(result, "producing") + figures(result, "calls")
    )


@pytest.mark.skipif(
    not PEERS_PYTHON.exists(),
    reason="matplotlib is the benchmarks' own: `make .venv-bench/installed` installs it",
)
def test_the_plots_of_a_result_are_drawn_beside_its_page(tmp_path: Path) -> None:
    draw_plots(tmp_path / "benchmarks.md", published())

    assert (tmp_path / "benchmarks" / "calls.svg").read_text().startswith("<?xml")


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "bench" / "result.json").read_text())
    return found


def figures(result: dict[str, Any], benchmark: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result["benchmarks"][benchmark]["figures"]
    return found


def names(result: dict[str, Any], benchmark: str) -> list[str]:
    return [figure["name"] for figure in figures(result, benchmark)]
