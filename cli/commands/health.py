"""`pec health`: whether a worker lives and nothing stands still, for a container's or a monitor's probe."""

import socket

import click

from cli import output
from cli.errors import Exit, Failure
from config.texts import _, joined, ngettext
from pec.operations.doctor.health import check_health, check_host
from pec.operations.session import open_session


@click.command()
@click.option("--local", is_flag=True, help="Count only workers of this machine, or of this container.")
def health(local: bool) -> None:
    """Exit with 0 if Redis answers, a worker lives and nothing stands still, else 4.

    \b
    pec health
    pec health --local
    """
    host = socket.gethostname()
    with open_session() as session:
        found = check_host(session.store, host) if local else check_health(session.store, session.settings)
    if not found.workers and local:
        raise Failure(
            _("no worker is alive on {host}: start one with `pec worker`").format(host=host), Exit.UNREACHABLE
        )
    if not found.workers:
        raise Failure(_("no worker is alive: start one with `pec worker`"), Exit.UNREACHABLE)
    for one in (*found.standing_still, *found.held_back):
        output.note(joined(": ", (one.what, one.remedy)))
    if not found.is_good:
        raise Failure("", Exit.UNREACHABLE)
    said = ngettext("healthy: {count} worker process", "healthy: {count} worker processes", found.workers)
    output.note(said.format(count=found.workers))
