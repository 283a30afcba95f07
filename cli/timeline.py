"""A message's timeline as `pec status ID` prints it: states, receipts, and what is next."""

from datetime import datetime

from cli import output
from cli.language import translated
from config.texts import _, ngettext
from pec.instants import ROME, to_text
from pec.names import Queue, State
from pec.operations.messages.message_detail import MessageDetail, addresses_named
from pec.receipts import Kind, Receipt
from pec.status_codes import meaning_of
from pec.timeline import Happened

_COLUMNS = (_("WHEN"), _("WHAT"), _("NOTE"))
_NEXT = {
    Queue.RELEASE: _("next: it goes into its lane, or expires"),
    Queue.SEND: _("next: it is sent when its turn comes"),
    Queue.CHECK: _("next: the mailbox is asked for receipts"),
    Queue.LOOKUP: _("next: the mailbox is searched for it"),
}
_RECEIPTS = {
    Kind.ACCETTAZIONE: "ACCETTAZIONE",
    Kind.NON_ACCETTAZIONE: "NON ACCETTAZIONE",
    Kind.CONSEGNA: "CONSEGNA",
    Kind.MANCATA_CONSEGNA: "MANCATA CONSEGNA",
    Kind.PREAVVISO: "MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
}


def show(detail: MessageDetail) -> None:
    """Print the timeline as a table, oldest first, with what is due at its end."""
    rows = [_row(one) for one in detail.happened]
    rows += [(one.at and when(one.at), translated(_NEXT[one.queue]), None) for one in detail.next]
    output.table(_COLUMNS, rows)


def when(at: datetime | None) -> str:
    """Return the time in Rome for a person's terminal, in UTC for a pipe."""
    if at is None:
        return translated(_("without a date"))
    if not output.for_a_person():
        return to_text(at)
    return at.astimezone(ROME).replace(tzinfo=None).isoformat(" ", "seconds")


def _row(one: Happened) -> tuple[object, ...]:
    if isinstance(one.what, State):
        return when(one.at), one.what, _left_out(one.left_out) if one.left_out else None
    return when(one.at), _RECEIPTS[one.what.kind], _note(one.what)


def _left_out(count: int) -> str:
    said = ngettext("{count} state before it is left out", "{count} states before it are left out", count)
    return translated(said.format(count=count))


def _note(receipt: Receipt) -> str:
    error = translated(_("a virus was found")) if receipt.virus else _error(receipt.error)
    return " · ".join(filter(None, ["; ".join(addresses_named(receipt)), error]))


def _error(status: str | None) -> str | None:
    return status and f"{status} ({translated(meaning_of(status))})"
