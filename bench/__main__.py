"""Runs benchmarks: `python -m bench [NAME…] [--quick] [--json FILE] [--page FILE]`. A smoke test is `--quick`."""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import machine, page
from bench.figures import Outcome
from bench.site import PEERS_PYTHON, ROOT

NAMES = (
    "pace",
    "rotation",
    "cost",
    "waits",
    "producing",
    "gateway",
    "console",
    "waiting",
    "calls",
    "verify",
    "files",
    "custody",
    "memory",
    "hot_path",
)
AT_A_TIME = 3


def main() -> int:
    """Return 0 if all ran, whether or not targets are met; 1 if a benchmark broke; 2 for usage."""
    options = _parse()
    if not PEERS_PYTHON.exists():
        print(
            f"without Celery, taskiq, py-spy and plots: `make bench` installs them ({PEERS_PYTHON})",
            file=sys.stderr,
        )
    started = time.monotonic()
    about = machine.describe()
    names = options.names or NAMES
    with tempfile.TemporaryDirectory(prefix="pec-bench-") as folder:
        if options.quick and len(names) > 1:  # nothing is compared, so they need not be alone
            with ThreadPoolExecutor(AT_A_TIME) as pool:
                results = dict(zip(names, pool.map(partial(_apart, Path(folder)), names), strict=True))
        else:
            results = {name: _run(name, Path(folder) / name, options.quick) for name in names}
    broken = any("error" in one for one in results.values())
    made = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started),
        "command": "make bench-quick" if options.quick else "make bench",
        "quick": options.quick,
        "note": options.note,
        "machine": about,
        "benchmarks": results,
    }
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)
    if options.page:
        page.write(
            options.page, made, json.loads(page.BASELINE.read_text()) if page.BASELINE.exists() else None
        )
        page.draw_plots(options.page, made)
    return 1 if broken else 0


def _apart(folder: Path, name: str) -> dict[str, Any]:
    """Run a quick benchmark in a process of its own."""
    written = folder / f"{name}.json"
    subprocess.run(
        [sys.executable, "-m", "bench", name, "--quick", "--json", str(written)], cwd=ROOT, check=False
    )
    if not written.exists():
        return {"error": "it ended without a result", "figures": [], "plots": []}
    found: dict[str, Any] = json.loads(written.read_text())["benchmarks"][name]
    return found


def _run(name: str, folder: Path, quick: bool) -> dict[str, Any]:
    print(f"── {name}", file=sys.stderr)
    started = time.monotonic()
    try:
        outcome: Outcome = importlib.import_module(f"bench.{name}").run(folder, quick=quick)
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}", "figures": [], "plots": []}
    for figure in outcome.figures:
        met = "" if quick else {True: "met", False: "MISSED", None: ""}[figure.met]
        value = "–" if figure.ours is None else f"{figure.ours:,.3f}"
        print(f"   {figure.name}: {value} {figure.unit} {figure.target or ''} {met}", file=sys.stderr)
    return {
        "title": (sys.modules[f"bench.{name}"].__doc__ or "").splitlines()[0],
        "seconds": round(time.monotonic() - started),
        "figures": [figure.as_dict() for figure in outcome.figures],
        "plots": [page.plot_as_dict(plot) for plot in outcome.plots],
        "notes": list(outcome.notes),
        "more": dict(outcome.more),
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="small numbers, to see whether it runs: they compare nothing"
    )
    parser.add_argument("--json", type=Path, help="write the result here (default: stdout)")
    parser.add_argument(
        "--page", type=Path, help="write this page, and its plots beside it; needs .venv-bench"
    )
    parser.add_argument("--note", default="", help="for the page: what was different about this run")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"no benchmark is called {unknown[0]}: choose from {', '.join(NAMES)}")
    if options.page and not PEERS_PYTHON.exists():
        parser.error(f"{PEERS_PYTHON} is missing, which draws the plots: `make bench` installs it")
    return options


if __name__ == "__main__":
    sys.exit(main())
