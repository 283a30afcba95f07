"""`python -m tests.failover --runs 20`: as many failovers, each kind in turn, and a table of what they did."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.failover.trial import EVENTS, run


def main() -> int:
    """Return the exit code: 0 if nothing was lost and nothing sent twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.failover", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--event", choices=list(EVENTS), help="only this kind")
    options = parser.parse_args()
    kinds = [options.event] if options.event else list(EVENTS)
    harmless = True
    for number in range(options.runs):
        kind = kinds[number % len(kinds)]
        with tempfile.TemporaryDirectory(prefix="pec-failover-") as folder:
            outcome = run(Path(folder), EVENTS[kind], jobs=options.jobs, after=options.jobs // 4)
        harmless = harmless and outcome.is_harmless
        print(f"{number + 1:3} {kind:16} {outcome}", flush=True)  # noqa: T201
    return 0 if harmless else 1


if __name__ == "__main__":
    sys.exit(main())
