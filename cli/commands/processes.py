"""`pec worker` and `pec sandbox`: this process becomes the other package's, which is never imported here."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from config.settings import load_settings
from pec.names import Queue

_ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=8, show_default=True, help="In each process.")
@click.option(
    "--queues",
    multiple=True,
    type=click.Choice([str(one) for one in Queue]),
    help="By default all.",
)
@click.option(
    "--reconcile",
    metavar="INSTANT",
    help="Redis was restored from a backup of then (RFC 3339): look for each message before sending it.",
)
@click.argument("more_queues", metavar="[QUEUE]...", nargs=-1, type=click.Choice([str(one) for one in Queue]))
def worker(
    processes: int,
    threads: int,
    queues: tuple[str, ...],
    reconcile: str | None,
    more_queues: tuple[str, ...],
) -> None:
    """Run worker processes. SIGTERM or Ctrl-C lets the job in hand finish.

    \b
    pec worker --processes 4 --threads 16
    pec worker --queues webhook check
    pec worker --reconcile 2026-11-23T02:00:00+01:00
    """
    if reconcile:
        os.environ["PEC_RECONCILE_SINCE"] = reconcile
    load_settings()  # here, so that what is wrong with them is told once and not by each process
    become("workers", worker_arguments(processes, threads, (*queues, *more_queues)))


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def sandbox(ctx: click.Context) -> None:
    """Run the PEC Massiva API on this machine, to try things out.

    \b
    pec sandbox --help
    """
    become("sandbox", ctx.args)


def worker_arguments(processes: int, threads: int, queues: Sequence[str]) -> list[str]:
    """What `python -m workers` is told."""
    numbers = ["--processes", str(processes), "--threads", str(threads)]
    return [*numbers, *(["--queues", *queues] if queues else [])]


def become(package: str, arguments: Sequence[str]) -> NoReturn:
    """Runs the package in place of this process.

    `-P` and PYTHONPATH: a folder `config` or `workers` where the user stands is not to be taken for ours.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", package, *arguments]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})  # noqa: S606 - no shell, our own module
