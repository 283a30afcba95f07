"""`pec receipts`: the proof, as the mailbox gave it."""

import click

from archive.receipt_texts import text_or_why
from archive.vault.installation import open_vault
from cli import output
from cli.language import translated
from cli.timeline import when
from config.texts import _
from pec.operations.messages.receipts import load_receipts, receipt_dict
from pec.operations.session import open_session
from pec.receipts import Receipt


@click.command()
@click.argument("message_id", metavar="ID")
@click.option("--text", "with_text", is_flag=True, help="Print the text of each.")
@output.as_json
def receipts(message_id: str, with_text: bool, as_json: bool) -> None:
    """Show the receipts of a message or job, oldest first.

    \b
    pec receipts inv-2026-001
    pec receipts inv-2026-001 --text
    """
    with open_session() as session:
        found = load_receipts(session.store, message_id)
        vault = open_vault(session.settings.archive, session.store)
        for message, receipt in found if as_json or with_text else ():
            text, why = text_or_why(receipt, vault)
            if as_json:
                output.data(receipt_dict(message, receipt, text, why))
            else:
                shown = text or why or translated(_("(no text)"))
                click.echo(f"{message}  {receipt.kind}  {when(receipt.date)}\n\n{shown}\n")
    if not (as_json or with_text):
        output.table(
            (_("MESSAGE"), _("RECEIPT"), _("DATE"), _("CODE"), _("ERROR")), (_row(*one) for one in found)
        )
    if not found:
        output.note(_("No receipt so far: `pec status ID` shows what is awaited."))


def _row(message: str, receipt: Receipt) -> tuple[object, ...]:
    error = "virus" if receipt.virus else receipt.error
    return message, receipt.kind, when(receipt.date), receipt.code, error
