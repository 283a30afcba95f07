"""`pec cancel`: cancel what is not yet sent."""

import click

from cli import output
from cli.enqueued import show_enqueued
from config.texts import _
from pec.operations.messages.batch_names import near_batch
from pec.operations.messages.listing import has_messages
from pec.operations.session import Session, open_session
from producers.producer import Producer


@click.command()
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--batch", help="All messages of a batch that are not yet sent.")
@output.as_json
def cancel(job_id: str | None, batch: str | None, as_json: bool) -> None:
    """Cancel a message that is not yet sent, or all unsent messages of a batch.

    \b
    pec cancel inv-2026-001
    pec cancel --batch november
    """
    if (job_id is None) == (batch is None):
        raise click.UsageError(_("name a message or a batch: pec cancel ID, or pec cancel --batch B"))
    with open_session() as session:
        show_enqueued(session, Producer.on(session.store).cancel(job_id, batch), as_json=as_json, quiet=True)
        if has_messages(session.store, job_id, batch):
            output.note(
                _("Cancellation requested. Messages already sent are not affected; see `pec status`.")
            )
        else:
            _note_unknown(session, job_id, batch)


def _note_unknown(session: Session, job_id: str | None, batch: str | None) -> None:
    output.note(
        _("{name} does not exist yet: if it comes within a day, it is cancelled on arrival.").format(
            name=job_id or batch
        )
    )
    if near := batch and near_batch(session.store, batch):
        output.note(_("Nothing of batch {name} was cancelled: if you meant it, name it.").format(name=near))
