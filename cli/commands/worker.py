"""`pec worker`: the worker processes."""

import os
from collections.abc import Sequence

import click

from cli.replace_process import replace_process
from config.settings import load_settings
from pec.names import Queue


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
    load_settings()  # here, so that a fault in them is reported once and not by each process
    replace_process("workers", worker_arguments(processes, threads, (*queues, *more_queues)))


def worker_arguments(processes: int, threads: int, queues: Sequence[str]) -> list[str]:
    """Return the arguments of `python -m workers`."""
    numbers = ["--processes", str(processes), "--threads", str(threads)]
    return [*numbers, *(["--queues", *queues] if queues else [])]
