"""`python -m tests.chaos`: plans from seeds, runs, and says what harm was found. Exit code 1 with any."""

import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos import report
from tests.chaos.conductor import Result, run
from tests.chaos.plan import plan


@click.command(context_settings={"show_default": True})
@click.option("--seed", type=int, help="Of the first run; the next ones follow it.  [default: any]")
@click.option("--runs", default=1, help="How many.")
@click.option("--messages", default=200, help="In each run.")
@click.option("--faults", default="", help="Only these kinds, separated by commas: kill, api, stop, …")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where to write the results.")
def main(seed: int | None, runs: int, messages: int, faults: str, path: Path | None) -> None:
    """Attack the promises, and say what harm was done."""
    first = secrets.randbelow(1_000_000) if seed is None else seed
    only = [name for name in faults.split(",") if name]
    results = [_attack(one, messages, only) for one in range(first, first + runs)]
    click.echo("\n".join(report.table(results)))
    if path:
        report.write_json(results, path)
    sys.exit(int(any(result.harmed for result in results)))


def _attack(seed: int, messages: int, only: list[str]) -> Result:
    """One run. Its folder stays where harm was done."""
    chosen = plan(seed, messages, only)
    click.echo("\n".join(chosen.lines()))
    folder = Path(tempfile.mkdtemp(prefix=f"pec-chaos-{seed}-"))
    result = run(chosen, folder)
    click.echo(report.line(result))
    if result.harmed:
        click.echo("\n".join([*report.evidence(result), f"  look into {folder}"]))
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return result


if __name__ == "__main__":
    main()
