"""The CSV that a clerk opens in Excel, in Italy: pure, the same whatever the locale.

Semicolons, CRLF and a byte order mark are what Excel expects there. No cell can become a formula.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pec.messages import Message, Reason
from pec.names import State
from pec.receipts import Kind, Receipt
from pec.states import concerning, reason_of
from pec.status_codes import explained
from producers.evidence.cases import Case
from producers.kept_text import kept

_ROME = ZoneInfo("Europe/Rome")
_KINDS = {
    "accettazione": Kind.ACCETTAZIONE,
    "non_accettazione": Kind.NON_ACCETTAZIONE,
    "preavviso": Kind.PREAVVISO,
    "consegna": Kind.CONSEGNA,
    "mancata_consegna": Kind.MANCATA_CONSEGNA,
}
_OF_MESSAGE = ("id", "batch", "account", "recipient", "state", "code", "subject", "attempts")
_TIMES = ("created_at", "sent_at", "accepted_at", "ended_at")
FIELDS = (*_OF_MESSAGE, *_TIMES, "reason_code", "reason", *_KINDS, "receipt_error")


def header() -> bytes:
    """The mark by which Excel knows UTF-8, and the names of the columns."""
    return b"\xef\xbb\xbf" + _line(FIELDS)


def lines(case: Case) -> Iterator[bytes]:
    """A line, or where one PEC went to several recipients one for each."""
    return (_line(cells) for cells in rows(case))


def rows(case: Case) -> Iterator[tuple[str, ...]]:
    """The cells under FIELDS."""
    message = case.message
    if len(message.recipients) < 2:
        yield _row(message, "".join(message.recipients), message.state, message.reason, case.receipts)
        return
    for address in message.recipients:
        mine = concerning(address, case.receipts)
        if outcome := message.outcomes.get(address):
            yield _row(message, address, State(outcome), reason_of(State(outcome), mine), mine)
        else:
            yield _row(message, address, message.state, message.reason, mine)


def _row(
    message: Message, recipient: str, state: State, reason: Reason | None, receipts: Sequence[Receipt]
) -> tuple[str, ...]:
    known = {"recipient": recipient, "state": state}
    return (
        *(_text(known.get(name, getattr(message, name, None))) for name in _OF_MESSAGE),
        *(_time(getattr(message, name)) for name in _TIMES),
        *((_text(reason.code), _text(explained(reason.description, reason.details))) if reason else ("", "")),
        *(_dates(receipts, kind) for kind in _KINDS.values()),
        _text(", ".join(dict.fromkeys(filter(None, map(_error, receipts))))),
    )


def _dates(receipts: Iterable[Receipt], kind: Kind) -> str:
    return ", ".join(_time(one.date) or "no date" for one in receipts if one.kind is kind)


def _error(receipt: Receipt) -> str | None:
    return receipt.error or ("virus" if receipt.virus else None)


def _time(instant: datetime | None) -> str:
    return instant.astimezone(_ROME).isoformat(timespec="seconds") if instant else ""


def _text(value: object) -> str:
    return kept("" if value is None else str(value))


class _Returned:
    """A file for `csv` whose `write` gives the line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


_write = csv.writer(_Returned(), delimiter=";", lineterminator="\r\n").writerow


def _line(cells: Iterable[str]) -> bytes:
    return str(_write(cells)).encode("utf-8", "replace")
