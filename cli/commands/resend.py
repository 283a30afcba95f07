"""`pec resend`: send a held message again."""

import click

from cli import output
from config.texts import _
from pec.operations import actions
from pec.operations.session import open_session


@click.command()
@click.argument("message_id", metavar="ID")
@output.as_json
def resend(message_id: str, as_json: bool) -> None:
    """Send a held message again, after one more look for it.

    \b
    pec resend inv-2026-001
    """
    with open_session() as session:
        message = actions.resend(session.store, message_id)
    said = _("Resend of {id} requested: workers look for it once more, then send it again.")
    output.changed(message, said.format(id=message_id), as_json=as_json)
