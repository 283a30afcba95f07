"""The page `docs/benchmarks.md` and its plots, from a result. `python -m bench.page RESULT PAGE` writes it again."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Plot, in_digits
from bench.site import PEERS_PYTHON, ROOT

MISSED = Path(__file__).with_name("missed_targets.md")
BASELINE = Path(__file__).with_name("baseline.json")  # a profile of before the last optimisations
TITLES = {
    "pace": "Pace",
    "rotation": "Rotation",
    "cost": "Cost",
    "waits": "What it waits for",
    "producing": "Producing",
    "gateway": "Gateway",
    "console": "Console",
    "waiting": "Waiting and growth",
    "calls": "Calls",
    "verify": "Verification",
    "files": "Files",
    "custody": "Custody",
    "memory": "Memory",
    "hot_path": "What the time goes to",
}
HEAD = """# Benchmarks

Written by `{command}` from its result, {date}, in {minutes:.0f} minutes; don't edit it. The reasons for missed targets
are written by hand, in `bench/missed_targets.md`.

To run one: `.venv/bin/python -m bench NAME`. With `--quick` it shows only whether it runs. `make bench` installs the
peers into `.venv-bench`; `BENCH_PEERS_PYTHON` names another Python that has them.

Each contender has a Redis of its own, of the same build and settings, and does the same work for a PEC; where that
isn't so it is said. The last sections give the reasons for missed targets, and what was tried.

{machine}

**Peers** are what one would write instead, each as its own documentation says ([bench/peers](../bench/peers)):
*Dramatiq by its guide* (a rate limiter in `with`, retries, delays), *Dramatiq tuned* (short retries, more prefetched,
our threads, an HTTP session), *Celery* (`rate_limit`, `retry(countdown)`, late acks, threads, a fine timer), *taskiq*
(async tasks with aiohttp and uvloop, the stream broker with acks, its scheduler for delays). The ratio is ours to the
best peer's: of CPU, commands, calls and memory, less is better.
"""


def plot_as_dict(plot: Plot) -> dict[str, Any]:
    return {
        **asdict(plot),
        "lines": {name: [list(point) for point in line] for name, line in plot.lines.items()},
    }


def write(page: Path, result: Mapping[str, Any], baseline: Mapping[str, Any] | None = None) -> None:
    """Write the page. Its plots are not drawn."""
    page.write_text("\n".join(_lines(result, baseline)).rstrip() + "\n")


def draw_plots(page: Path, result: Mapping[str, Any]) -> None:
    """Draw the page's plots into a folder beside it, in the environment that has matplotlib."""
    command = [str(PEERS_PYTHON), "-m", "bench.plots", str((page.parent / "benchmarks").resolve())]
    subprocess.run(command, cwd=ROOT, input=json.dumps(result), text=True, check=True)


def _lines(result: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> Iterator[str]:
    yield HEAD.format(
        command=result["command"],
        date=result["date"][:10],
        minutes=result["seconds"] / 60,
        machine=", ".join(f"{name} {value}" for name, value in result["machine"].items()) + ".",
    )
    yield f"**{result['note']}**\n" if result.get("note") else "All figures are of one run.\n"
    for name, made in result["benchmarks"].items():
        yield f"## {TITLES[name]}\n"
        yield f"`python -m bench {name}`: {made.get('title', '').partition(': ')[2]}\n"
        if "error" in made:
            yield f"It broke: {made['error']}\n"
        for plot in made["plots"]:
            yield f"![{plot['title']}](benchmarks/{plot['name']}.svg)\n"
        if made["figures"]:
            yield from _table(made["figures"])
        before = (baseline or {}).get("benchmarks", {}).get(name, {})
        yield from _profile(made.get("more", {}), before.get("more", {}))
        yield from (f"{note}\n" for note in made.get("notes", []))
    yield MISSED.read_text(encoding="utf-8")


def _table(figures: list[Mapping[str, Any]]) -> Iterator[str]:
    peers = list(dict.fromkeys(peer for figure in figures for peer in figure["peers"]))
    columns = ["figure", "ours", *peers, "ratio", "target", ""]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for figure in figures:
        met = {True: "met", False: "**missed**", None: ""}[figure["met"]]
        beside = [_number(figure["peers"].get(peer)) for peer in peers]
        ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
        cells = [_named(figure), _number(figure["ours"]), *beside, ratio, figure["target"] or "", met]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for note in dict.fromkeys(figure["note"] for figure in figures if figure["note"]):
        yield f"- {note}"
    yield ""


def _named(figure: Mapping[str, Any]) -> str:
    return f"{figure['name']} ({figure['unit']})"


def _number(value: float | None) -> str:
    return "" if value is None else in_digits(value)


def _profile(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    if not now.get("profile"):
        return
    yield from _by_milliseconds(now, before) if "worker_ms" in now else _by_share(now, before)
    yield "\n| function | itself |\n|---|---|"
    for function, share in now["functions"]:
        yield f"| `{function}` | {share:.1%} |"
    yield ""


def _by_share(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    was = before.get("profile", {})
    yield "| work | share of a worker's CPU time | before |\n|---|---|---|"
    for place, share in now["profile"].items():
        yield f"| {place} | {share:.1%} | {f'{was[place]:.1%}' if place in was else ''} |"


def _by_milliseconds(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Add the absolute figures, because a share alone would not show what was saved."""
    was, is_now = _milliseconds(before), _milliseconds(now)
    yield "| work | ms of a worker's CPU for each PEC, before | after | share |\n|---|---|---|---|"
    for place in dict.fromkeys([*is_now, *was]):
        cells = [f"{found[place]:.2f}" if place in found else "" for found in (was, is_now)]
        yield f"| {place} | {' | '.join(cells)} | {now['profile'].get(place, 0):.1%} |"
    totals = [f"{sum(found.values()):.1f}" if found else "" for found in (was, is_now)]
    yield f"| all | {' | '.join(totals)} | |"


def _milliseconds(made: Mapping[str, Any]) -> dict[str, float]:
    return {place: share * made["worker_ms"] for place, share in made.get("profile", {}).items()}


if __name__ == "__main__":
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else None
    recorded, written = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    write(written, recorded, kept)
    draw_plots(written, recorded)
