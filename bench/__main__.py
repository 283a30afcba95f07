"""Runs benchmarks: `python -m bench [NAME…] [--quick] [--json FILE] [--page FILE]`. A smoke test is `--quick`."""

import argparse
import importlib
import json
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine, page
from bench.figures import Outcome
from bench.site import PEERS_PYTHON

NAMES = ("pace", "turns", "cost", "producing", "waiting", "calls", "hot_path")


def main() -> int:
    """0: all ran, whether or not targets are met; 1: a benchmark broke; 2: usage."""
    options = _parse()
    if not PEERS_PYTHON.exists():
        print(f"without Celery and py-spy: `make bench` installs them ({PEERS_PYTHON})", file=sys.stderr)
    started, results, broken = time.monotonic(), {}, False
    about = machine.describe()
    with tempfile.TemporaryDirectory(prefix="pec-bench-") as folder:
        for name in options.names or NAMES:
            results[name] = _run(name, Path(folder) / name, options.quick)
            broken |= "error" in results[name]
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
    return 1 if broken else 0


def _run(name: str, folder: Path, quick: bool) -> dict[str, Any]:
    print(f"── {name}", file=sys.stderr)
    started = time.monotonic()
    try:
        outcome: Outcome = importlib.import_module(f"bench.{name}").run(folder, quick=quick)
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}", "figures": [], "plots": []}
    for figure in outcome.figures:
        met = {True: "met", False: "MISSED", None: ""}[figure.met]
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
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which (default: all)")
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run? not for comparing")
    parser.add_argument("--json", type=Path, help="write the result here (default: stdout)")
    parser.add_argument("--page", type=Path, help="write this page, and its plots beside it")
    parser.add_argument("--note", default="", help="for the page: what was different about this run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
