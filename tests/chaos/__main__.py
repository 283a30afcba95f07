"""`python -m tests.chaos`: plans from seeds, runs, and says what harm was found. Exit code 1 with any."""

import argparse
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import report
from tests.chaos.conductor import Result, run
from tests.chaos.plan import plan


def main() -> int:
    options = _options()
    first = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    results: list[Result] = []
    for seed in range(first, first + options.runs):
        chosen = plan(seed, options.messages, [name for name in options.faults.split(",") if name])
        folder = Path(tempfile.mkdtemp(prefix=f"pec-chaos-{seed}-"))
        result = run(chosen, folder)
        results.append(result)
        if result.harmed:
            pass
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        report.write_json(results, options.json)
    return int(any(result.harmed for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Attack the promises.")
    parser.add_argument("--seed", type=int, help="of the first run; the next ones follow it (default: any)")
    parser.add_argument("--runs", type=int, default=1, help="how many (default: 1)")
    parser.add_argument("--messages", type=int, default=200, help="in each run (default: 200)")
    parser.add_argument("--faults", default="", help="only these kinds, separated by commas: kill,api,stop,…")
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
