"""`python -m tests.chaos.table FILE…`: results as the markdown tables of docs/durability.md."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from tests.chaos.checker import CHECKS
from tests.chaos.plan import (
    ANSWERS,
    CIRCUMSTANCES,
    CONSUMERS,
    CUSTODY,
    CUSTODY_POINTS,
    KILL_POINTS,
    TIMED,
)
from tests.chaos.run import BROKEN

KNOWN = {  # what there is, so that what never came about shows as 0
    "kill_points": (*KILL_POINTS, *CUSTODY_POINTS),
    "faults": ("kill", *TIMED, *CUSTODY, "pause-batch", "failover", "backup", "restore"),
    "answers": tuple(name for _, _, faults in ANSWERS.values() for name in faults),
    "consumers": CONSUMERS,
    "circumstances": CIRCUMSTANCES,
}
TITLES = {
    "kill_points": "SIGKILL at the point",
    "faults": "fault",
    "answers": "answer of the API",
    "consumers": "consumer of webhooks",
    "circumstances": "in so many runs",
}


def lines(runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """First what was done, then the harm."""
    yield from _head(f"in {len(runs)} runs, with {len({run['seed'] for run in runs})} seeds", "times")
    yield _row("messages", sum(run["messages"] for run in runs))
    yield _row("worker processes killed", sum(run["kills"] for run in runs))
    yield _row("messages that were uncertain for a while", sum(run["uncertain"] for run in runs))
    yield _row("dead letters that were replayed", sum(run["replayed"] for run in runs))
    for part, title in TITLES.items():
        found = Counter(dict.fromkeys(KNOWN[part], 0))
        for run in runs:
            found.update(run[part])
        yield ""
        yield from _head(title, "times")
        yield from (_row(f"`{name}`", times) for name, times in found.items() if name != "ok")
    yield ""
    yield from _head("harm", "found")
    for kind in (*CHECKS, BROKEN):
        yield _row(kind, sum(len(run["harms"].get(kind, ())) for run in runs))


def _head(*titles: str) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"


def _row(what: str, times: int) -> str:
    return f"| {what} | {times:,} |"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Print the results that `python -m tests.chaos --json` wrote, all together."""
    click.echo("\n".join(lines([run for file in files for run in json.loads(file.read_text())])))


if __name__ == "__main__":
    main()
