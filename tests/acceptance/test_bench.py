"""The benches run, and say what they measured. Their figures mean nothing here: the machine is busy testing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ABOUT = {"processor", "cores", "memory", "system", "python", "server", "dramatiq", "celery", "commit"}


def test_a_quick_run_reports_every_figure_of_what_it_measures(tmp_path: Path) -> None:
    written, page = tmp_path / "result.json", tmp_path / "benchmarks.md"
    command = [sys.executable, "-m", "bench", "producing", "calls", "verify", "--quick"]

    subprocess.run([*command, "--json", str(written), "--page", str(page)], cwd=ROOT, check=True, timeout=150)

    result = json.loads(written.read_text())
    assert result["machine"].keys() >= ABOUT
    assert names(result, "producing") == names(published(), "producing")
    assert names(result, "calls") == names(published(), "calls")
    assert names(result, "verify") == names(published(), "verify")
    assert all(
        figure["ours"] is not None for figure in figures(result, "producing") + figures(result, "calls")
    )
    assert "## Calls" in page.read_text()
    assert (tmp_path / "benchmarks" / "calls.svg").exists()


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "bench" / "result.json").read_text())
    return found


def figures(result: dict[str, Any], benchmark: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result["benchmarks"][benchmark]["figures"]
    return found


def names(result: dict[str, Any], benchmark: str) -> list[str]:
    return [figure["name"] for figure in figures(result, benchmark)]
