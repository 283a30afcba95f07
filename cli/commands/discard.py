"""`pec discard`: give a held message up."""

import click

from cli import output
from config.texts import _
from pec.operations import actions
from pec.operations.session import open_session


@click.command()
@click.argument("message_id", metavar="ID")
@output.as_json
def discard(message_id: str, as_json: bool) -> None:
    """Give up a held message: it becomes failed, and is not sent again.

    \b
    pec discard inv-2026-001
    """
    with open_session() as session:
        message = actions.discard(session.store, message_id)
    said = _("Message {id} was discarded: it is now failed.").format(id=message_id)
    output.changed(message, said, as_json=as_json)
