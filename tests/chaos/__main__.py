"""`python -m tests.chaos`: plans from seeds, runs, and says what harm was found.

Exit code 1 with any, and when in many runs something was never done that plans have in mind."""

import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos import alone, deaths, outage, report
from tests.chaos.plan import Plan, plan
from tests.chaos.run import Result, broken, run
from tests.chaos.world import RATE


@click.group(invoke_without_command=True, context_settings={"show_default": True})
@click.option("--seed", type=int, help="Of the first run; the next ones follow it.  [default: any]")
@click.option("--runs", default=1, help="How many.")
@click.option("--messages", default=200, help="In each run.")
@click.option("--faults", default="", help="Only these kinds, separated by commas: kill, api, stop, …")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where to write the results.")
@click.pass_context
def main(
    context: click.Context, seed: int | None, runs: int, messages: int, faults: str, path: Path | None
) -> None:
    """Attack the promises, and say what harm was done."""
    if context.invoked_subcommand:
        return
    first = secrets.randbelow(1_000_000) if seed is None else seed
    only = [name for name in faults.split(",") if name]
    results = [_announced_and_attacked(plan(one, messages, only)) for one in range(first, first + runs)]
    click.echo("\n".join(report.table(results)))
    if path:
        report.write_json(results, path)
    never = report.never_done(results)
    idle = bool(never) and runs >= report.ENOUGH_RUNS
    if idle:
        click.echo(f"NEVER DONE, though planned: {', '.join(never)}")
    elif never:
        click.echo(f"planned, and not done in so few runs: {', '.join(never)}")
    sys.exit(int(idle or any(result.harmed for result in results)))


@main.command("alone")
@click.option("--seed", default=0)
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where to write the results.")
def each_alone(seed: int, path: Path | None) -> None:
    """Each kind of fault without the others, in short runs: some 7 minutes. One that never occurred is reported too."""
    results, missed = [], []
    for kind in alone.KINDS:
        result = _attack(alone.plan_of(kind, seed), kind, **alone.SETTINGS)
        times = alone.times(kind, result)
        click.echo(f"  {kind} came about {times} times")
        results.append(result)
        missed += [kind] if not times else []
    if path:
        report.write_json(results, path)
    if missed:
        click.echo(f"NEVER DONE: {', '.join(missed)}")
    sys.exit(int(bool(missed) or any(result.harmed for result in results)))


@main.command("outage")
@click.option("--messages", default=2000, help="In the campaign.")
def ten_minutes(messages: int) -> None:
    """The API down for ten minutes, in each way, so many times faster."""
    results = []
    for how in outage.KINDS:
        result = _kept_if_harmed(outage.outage(folder := _folder(how), how, messages), folder)
        click.echo(
            f"  {how}: {result.uncertain} messages were uncertain, at most {outage.MAX_UNCERTAIN} may be"
        )
        results.append(result)
    sys.exit(int(any(one.harmed or one.uncertain > outage.MAX_UNCERTAIN for one in results)))


@main.command("deaths")
@click.option("--kills", default=40, help="How many, some 7 s each.")
@click.option("--seed", default=0)
def cost_of_deaths(kills: int, seed: int) -> None:
    """How soon a dead worker's work goes on, how long a token stands idle, and whether harm was done."""
    found = deaths.measure(folder := _folder("deaths"), kills, seed)
    click.echo("\n".join(found.lines()))
    wrong = found.slow or found.harmed
    if wrong:
        click.echo(f"  look into {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(int(wrong))


def _announced_and_attacked(chosen: Plan) -> Result:
    click.echo("\n".join(chosen.lines()))
    return _attack(chosen, str(chosen.seed))


def _attack(chosen: Plan, name: str, **settings: str) -> Result:
    folder = _folder(name)
    try:
        result = run(chosen, folder, RATE, **settings)
    except Exception as error:  # the other seeds are run all the same
        result = broken(chosen, error)
    return _kept_if_harmed(result, folder)


def _kept_if_harmed(result: Result, folder: Path) -> Result:
    """Report the run. Keep its folder if harm was done."""
    click.echo(report.line(result))
    if result.harmed:
        click.echo("\n".join([*report.evidence(result), f"  look into {folder}"]))
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"pec-chaos-{name}-"))


if __name__ == "__main__":
    main()
