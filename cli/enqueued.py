"""The report of one enqueued job: its id on stdout, and the next step on stderr."""

import click

from cli import output
from config.texts import _
from pec.operations.session import Session
from pec.operations.status.live_workers import no_worker_runs
from producers.sender import Enqueued


def show_enqueued(session: Session, job: Enqueued, *, as_json: bool, quiet: bool) -> None:
    """Print the id of a job. If `quiet`, advise only what is missing."""
    if as_json:
        output.data({"id": job, "entry": job.entry})
    else:
        click.echo(job)
    if no_worker_runs(session.store):
        output.note(_("No worker is running, so it waits in Redis: start one with `pec worker`."))
    elif not quiet:
        output.note(_("Enqueued. Follow it with `pec watch {id}`.").format(id=job))
