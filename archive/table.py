"""The CSV that a clerk opens in Excel, in Italy: pure, the same whatever the locale.

Semicolons, CRLF and a byte order mark are what Excel expects there. No cell can become a formula.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.case_files import CaseFile
from config.texts import _
from pec.instants import ROME
from pec.job_messages import SHEET_ROW
from pec.messages import Message, Reason
from pec.names import State
from pec.reasons import explain
from pec.receipts import Kind, Receipt
from pec.spreadsheet_text import escape
from pec.states import reason_of, receipts_for

_KINDS = {
    "accettazione": Kind.ACCETTAZIONE,
    _("non_accettazione"): Kind.NON_ACCETTAZIONE,
    "preavviso": Kind.PREAVVISO,
    "consegna": Kind.CONSEGNA,
    _("mancata_consegna"): Kind.MANCATA_CONSEGNA,
}
_OF_MESSAGE = (
    _("id"),
    _("batch"),
    _("account"),
    _("recipient"),
    _("state"),
    _("code"),
    _("subject"),
    _("attempts"),
)
_TIMES = (_("created_at"), _("sent_at"), _("accepted_at"), _("ended_at"))
FIELDS = (
    *_OF_MESSAGE,
    *_TIMES,
    _("reason_code"),
    _("reason"),
    *_KINDS,
    _("receipt_error"),
    _("replaced_by"),
)
MARK = b"\xef\xbb\xbf"  # by which Excel knows UTF-8
Words = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a CSV. `words` translates names, states and reasons; without `states`, all have a line."""

    sheet_columns: Sequence[str] = ()  # which `row` in a message's metadata holds
    states: Collection[State] = ()
    words: Words = str

    def header(self) -> bytes:
        """Return the mark by which Excel knows UTF-8, and the names of the columns."""
        names = [self.words(name) for name in FIELDS]
        own = self.words(_("sheet"))
        taken = {name.casefold() for name in (*names, *FIELDS)}
        for name in self.sheet_columns:
            shown = name
            while shown.casefold() in taken:
                shown = f"{shown} ({own})"
            taken.add(shown.casefold())
            names.append(escape(shown))
        return MARK + _line(names)

    def lines(self, case: CaseFile) -> Iterator[bytes]:
        """Yield a line, or one for each recipient if one PEC went to several."""
        sheet = sheet_row(case.message)
        own = [_text(sheet.get(name)) for name in self.sheet_columns]
        for outcome in _outcomes(case):
            if not self.states or outcome.state in self.states:
                yield _line((*_row(case.message, outcome, self.words), _text(case.replaced_by), *own))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The state of one recipient, and the receipts that concern it."""

    recipient: str
    state: State
    reason: Reason | None
    receipts: Sequence[Receipt]


def states_of(message: Message) -> set[State]:
    """Return the states under which a message is found: its own, or its recipients' if one PEC went to several."""
    return set(map(State, message.outcomes.values())) or {message.state}


def sheet_row(message: Message) -> Mapping[str, Any]:
    """Return the columns of the sheet that the message was made of; empty if it was made otherwise."""
    row = message.metadata.get(SHEET_ROW)
    return row if isinstance(row, Mapping) else {}


def _outcomes(case: CaseFile) -> Iterator[_Outcome]:
    message = case.message
    if len(message.recipients) < 2:
        yield _Outcome("".join(message.recipients), message.state, message.reason, case.receipts)
        return
    for address in message.recipients:
        mine = receipts_for(address, case.receipts)
        if outcome := message.outcomes.get(address):
            yield _Outcome(address, State(outcome), reason_of(State(outcome), mine), mine)
        else:
            yield _Outcome(address, message.state, message.reason, mine)


def _row(message: Message, outcome: _Outcome, words: Words) -> tuple[str, ...]:
    reason, receipts = outcome.reason, outcome.receipts
    known = {"recipient": outcome.recipient, "state": words(outcome.state)}
    return (
        *(_text(known.get(name, getattr(message, name, None))) for name in _OF_MESSAGE),
        *(_time(getattr(message, name)) for name in _TIMES),
        *((_text(reason.code), _text(words(explain(reason)))) if reason else ("", "")),
        *(_dates(receipts, kind, words) for kind in _KINDS.values()),
        _text(", ".join(dict.fromkeys(filter(None, map(_error, receipts))))),
    )


def _dates(receipts: Iterable[Receipt], kind: Kind, words: Words) -> str:
    return ", ".join(_time(one.date) or words(_("no date")) for one in receipts if one.kind is kind)


def _error(receipt: Receipt) -> str | None:
    return receipt.error or ("virus" if receipt.virus else None)


def _time(instant: datetime | None) -> str:
    return instant.astimezone(ROME).isoformat(timespec="seconds") if instant else ""


def _text(value: object) -> str:
    return escape("" if value is None else str(value))


def line_of(cells: Iterable[object]) -> bytes:
    """Return a line of cells as they are, without any that a spreadsheet would compute."""
    return _line(map(_text, cells))


class _Returned:
    """A file for `csv` whose `write` gives the line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


_write = csv.writer(_Returned(), delimiter=";", lineterminator="\r\n").writerow


def _line(cells: Iterable[str]) -> bytes:
    return str(_write(cells)).encode("utf-8", "replace")
