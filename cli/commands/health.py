"""`pec health`: whether a worker lives and nothing stands still, for a container's or a monitor's probe."""

import os
import threading

import click

from cli.errors import Exit, Failure, show_failure
from cli.language import translated
from cli.worker_probe import ask_worker
from config.texts import Text, _, joined, ngettext

_SECONDS = 2.0  # for one answer of Redis
_GIVE_UP_SECONDS = 9.0


@click.command()
@click.option("--local", is_flag=True, help="Count only workers of this machine, or of this container.")
def health(local: bool) -> None:
    """Exit with 0 if Redis answers, a worker lives and nothing stands still, else 4.

    \b
    pec health
    pec health --local
    """
    giving_up = threading.Timer(_GIVE_UP_SECONDS, _give_up)
    giving_up.daemon = True
    giving_up.start()
    try:
        workers = _answered(local) or _looked(local)
    finally:
        giving_up.cancel()
    said = ngettext("healthy: {count} worker process", "healthy: {count} worker processes", workers)
    _note(said.format(count=workers))


def _answered(local: bool) -> int | None:
    """Return how many worker processes are well by the word of the worker that runs here, or None. Raise Failure."""
    if local:
        found = ask_worker("/readyz")
        if found and found.problems:
            raise Failure(found.problems, Exit.UNREACHABLE)
    else:
        found = ask_worker("/installation")
    return found.workers if found and not found.problems else None


def _looked(local: bool) -> int:
    """Return how many worker processes are well. Raise Failure."""
    import socket

    from pec.operations.doctor.health import check_health, check_host
    from pec.operations.session import open_session

    host = socket.gethostname()
    with open_session(timeout_seconds=_SECONDS, retries=1) as session:
        found = check_host(session.store, host) if local else check_health(session.store, session.settings)
    if not found.workers and local:
        raise Failure(
            _("no worker is alive on {host}: start one with `pec worker`").format(host=host), Exit.UNREACHABLE
        )
    if not found.workers:
        raise Failure(_("no worker is alive: start one with `pec worker`"), Exit.UNREACHABLE)
    for one in (*found.standing_still, *found.held_back):
        _note(joined(": ", (one.what, one.remedy)))
    if not found.is_good:
        raise Failure("", Exit.UNREACHABLE)
    return found.workers


def _give_up() -> None:
    """End the process: what it waits for, such as a name server, can't be interrupted."""
    show_failure(
        Failure(
            _("no answer within {seconds} s: see `pec doctor`").format(seconds=f"{_GIVE_UP_SECONDS:g}"),
            Exit.UNREACHABLE,
        )
    )
    os._exit(Exit.UNREACHABLE)


def _note(text: Text) -> None:
    click.echo(translated(text), err=True)
