"""`pec inbox`: mail that came in and is no receipt."""

from datetime import datetime

import click

from cli import output
from cli.configured_names import ACCOUNT
from cli.timeline import when
from config.texts import _
from pec.incoming import IncomingMail
from pec.operations.incoming import incoming_dict, list_incoming
from pec.operations.session import open_session


@click.command()
@click.option("--account", type=ACCOUNT, metavar="NAME", help="Only this mailbox's.")
@click.option("--reply-to", metavar="ID", help="Only replies to this message or job.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@output.as_json
def inbox(account: str | None, reply_to: str | None, limit: int, as_json: bool) -> None:
    """List mail that came in and is no receipt, newest first.

    \b
    pec inbox
    pec inbox --reply-to inv-2026-001 --json
    """
    with open_session() as session:
        found = list_incoming(session.store, session.settings, limit, account, reply_to)
    if as_json:
        for one in found:
            output.data(incoming_dict(*one))
        return
    columns = (_("DATE"), _("ACCOUNT"), _("KIND"), _("SENDER"), _("SUBJECT"), _("REPLIES TO"), _("FILES"))
    output.table(columns, (_row(*one) for one in found))
    if not found:
        output.note(
            _("No mail so far. Without IMAP, workers find it only on pages that they read for receipts.")
        )


def _row(found_at: datetime, mail: IncomingMail) -> tuple[object, ...]:
    files = None if mail.attachments is None else len(mail.attachments)
    date = when(mail.date or found_at)
    return date, mail.account, mail.kind, mail.sender, mail.subject, mail.in_reply_to, files
