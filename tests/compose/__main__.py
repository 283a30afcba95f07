"""`python -m tests.compose`: every step in turn, and what it saw. `--only` takes the names of some.

Exit code 1 if a step failed, 2 if this machine can't run them.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import click

from tests.compose import basics, failover, office, passwords, state
from tests.compose.engine import Engine, missing
from tests.compose.images import provide
from tests.compose.site import Step, site

DATA = Path("/var/tmp/pec-compose-test")  # kept: the next run needs no debootstrap
STEPS: tuple[Step, ...] = (
    basics.the_demo,
    basics.an_own_site,
    basics.confinement,
    basics.invalid_settings,
    basics.scaling_and_deaths,
    basics.death_of_redis,
    basics.stop_in_mid_campaign,
    state.restart_of_the_engine,
    state.backup_and_restore,
    state.rotation_of_logs,
    state.upgrade,
    failover.sentinels,
    failover.death_of_the_primary,
    failover.planned_failover,
    failover.restart_of_everything,
    passwords.death_with_passwords,
    office.an_office_moves_in,
)


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.compose", description=__doc__)
    parser.add_argument(
        "--only", nargs="*", choices=[step.__name__ for step in STEPS], help="only these steps"
    )
    chosen = parser.parse_args().only
    if lacking := missing():
        click.echo("NOT RUN: the compose file needs a Docker engine. Missing:", err=True)
        click.echo("\n".join(f"  {one}" for one in lacking), err=True)
        return 2
    engine = Engine(DATA)
    engine.start()
    try:
        provide(engine)
        with (
            tempfile.TemporaryDirectory(prefix="pec-compose-") as folder,
            site(engine, Path(folder)) as found,
        ):
            for step in STEPS:
                if chosen and step.__name__ not in chosen:
                    continue
                began = time.monotonic()
                seen = step(found)
                click.echo(f"{step.__name__:24} {time.monotonic() - began:4.0f} s  {seen}")
    except AssertionError:
        traceback.print_exc()
        click.echo("FAILED", err=True)
        return 1
    finally:
        engine.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
