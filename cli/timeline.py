"""A message's timeline as `pec status ID` shows it: states, receipts, and what is next."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cli import output
from pec.domains import for_people
from pec.instants import to_text
from pec.names import Queue, State
from pec.operations.forecast import ROME
from pec.receipts import Kind, Receipt
from pec.status_codes import meaning_of
from pec.timeline import Happened

_COLUMNS = ("WHEN", "WHAT", "NOTE")
_NEXT = {
    Queue.RELEASE: "next: it goes into its lane, or expires",
    Queue.SEND: "next: it is sent when its turn comes",
    Queue.CHECK: "next: the mailbox is asked for receipts",
    Queue.LOOKUP: "next: the mailbox is searched for it",
}
_RECEIPTS = {
    Kind.ACCETTAZIONE: "ACCETTAZIONE",
    Kind.NON_ACCETTAZIONE: "NON ACCETTAZIONE",
    Kind.CONSEGNA: "CONSEGNA",
    Kind.MANCATA_CONSEGNA: "MANCATA CONSEGNA",
    Kind.PREAVVISO: "MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
}


Due = Mapping[Queue, datetime | None]  # None if nobody can say when


def show(happened: Iterable[Happened], due: Due) -> None:
    """Print it as a table, oldest first, with what is due at its end."""
    rows = [_row(one) for one in happened]
    rows += [(at and when(at), output.for_stdout(_NEXT[queue]), None) for queue, at in _due(due)]
    output.table(_COLUMNS, rows)


def as_data(happened: Iterable[Happened], due: Due) -> dict[str, Any]:
    """Return the fields `timeline` and `next` of `--json`."""
    return {
        "timeline": [_entry(one) for one in happened],
        "next": [{"what": str(queue), "at": at and to_text(at)} for queue, at in _due(due)],
    }


def _due(due: Due) -> list[tuple[Queue, datetime | None]]:
    known = [(queue, at) for queue, at in due.items() if queue in _NEXT]
    return sorted(known, key=lambda pair: pair[1].timestamp() if pair[1] else math.inf)


def _entry(one: Happened) -> dict[str, Any]:
    at = to_text(one.at) if one.at else None
    if isinstance(one.what, State):
        return {"at": at, "state": str(one.what), **({"left_out": one.left_out} if one.left_out else {})}
    receipt = one.what
    facts = {
        "error": receipt.error,
        "virus": receipt.virus or None,
        "final": receipt.final,
        "recipients": _named(receipt) or None,
    }
    return {
        "at": at,
        "receipt": str(receipt.kind),
        **{name: fact for name, fact in facts.items() if fact is not None},
    }


def _row(one: Happened) -> tuple[object, ...]:
    if isinstance(one.what, State):
        note = f"{one.left_out} states before it are left out" if one.left_out else None
        return when(one.at), one.what, note and output.for_stdout(note)
    return when(one.at), _RECEIPTS[one.what.kind], _note(one.what)


def _note(receipt: Receipt) -> str:
    error = output.for_stdout("a virus was found") if receipt.virus else _error(receipt.error)
    return " · ".join(filter(None, ["; ".join(_named(receipt)), error]))


def _error(status: str | None) -> str | None:
    return status and f"{status} ({output.for_stdout(meaning_of(status))})"


def _named(receipt: Receipt) -> list[str]:
    return [for_people(named.address) for named in receipt.named]


def when(at: datetime | None) -> str:
    """Return the time in Rome for a person's terminal, in UTC for a pipe."""
    if at is None:
        return output.for_stdout("without a date")
    if not output.for_a_person():
        return to_text(at)
    return at.astimezone(ROME).replace(tzinfo=None).isoformat(" ", "seconds")
