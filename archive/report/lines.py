"""The lines of a report: what each recipient of a message got, and what is missing. Pure; texts are English."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.case_files import CaseFile
from config.texts import _
from pec.messages import Message, Reason
from pec.names import ENDS, State
from pec.reasons import explain
from pec.receipts import Kind, Receipt
from pec.states import reason_of, receipts_for

_ENDED_BY = {
    State.UNDELIVERED: (Kind.MANCATA_CONSEGNA, Kind.PREAVVISO),
    State.REFUSED: (Kind.NON_ACCETTAZIONE,),
}
_NOT_KNOWN_TO_BE_SENT = {
    State.QUEUED: _("not sent yet"),
    State.SENDING: _("the answer to its sending is awaited"),
    State.UNCERTAIN: _("it is not certain whether it was sent"),
    State.HELD: _("it is not certain whether it was sent"),
}
_EXPLAINED = ENDS | {State.DELAYED}  # of the others, the reason says what an operator does
_WITHOUT_CONSEGNA = (State.SENT, State.ACCEPTED, State.DELAYED, State.EXPIRED)
_WITHOUT_ACCETTAZIONE = (State.REFUSED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Earlier:
    """How an earlier attempt at the same message ended, which a later one replaced."""

    state: State
    at: datetime | None
    recipient: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient of one message. All times but `sent_at` are dates of receipts; texts are to be translated."""

    id: str
    account: str
    recipient: str
    subject: str
    state: State
    sent_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None  # of the receipt that says so
    code: str
    reason: str
    error: str
    missing: str  # "" if nothing is
    earlier: tuple[Earlier, ...] = ()  # oldest first


def lines_of(case: CaseFile) -> Iterator[Line]:
    """Return a line for each recipient; one if the message names none."""
    message = case.message
    if len(message.recipients) < 2:
        yield _line(message, "".join(message.recipients), message.state, message.reason, case.receipts)
        return
    for address in message.recipients:
        mine = receipts_for(address, case.receipts)
        state = State(message.outcomes.get(address, message.state))
        reason = reason_of(state, mine) if address in message.outcomes else message.reason
        yield _line(message, address, state, reason, mine)


def earlier_of(case: CaseFile) -> Earlier:
    """Return how an attempt ended that a later one replaced, which is always to one recipient."""
    [line] = lines_of(case)
    return Earlier(line.state, line.failed_at or case.message.ended_at, line.recipient, line.code)


def _line(
    message: Message, recipient: str, state: State, reason: Reason | None, receipts: Sequence[Receipt]
) -> Line:
    return Line(
        id=message.id,
        account=message.account,
        recipient=recipient,
        subject=message.subject,
        state=state,
        sent_at=message.sent_at if message.code else None,
        accepted_at=_date(receipts, Kind.ACCETTAZIONE),
        delivered_at=_date(receipts, Kind.CONSEGNA),
        failed_at=_date(receipts, *_ENDED_BY.get(state, ())),
        code=message.code or "",
        reason=explain(reason) if reason and state in _EXPLAINED else "",
        error=next((receipt.error for receipt in receipts if receipt.error), ""),
        missing=_missing(state, message.code, receipts),
    )


def _missing(state: State, code: str | None, receipts: Sequence[Receipt]) -> str:
    if state in _NOT_KNOWN_TO_BE_SENT:
        return _NOT_KNOWN_TO_BE_SENT[state]
    if code is None or state in _WITHOUT_ACCETTAZIONE:
        return ""
    there = {receipt.kind for receipt in receipts}
    if state in _WITHOUT_CONSEGNA:
        unaccepted = Kind.ACCETTAZIONE not in there
        return _("ACCETTAZIONE and CONSEGNA are missing") if unaccepted else _("CONSEGNA is missing")
    if Kind.ACCETTAZIONE not in there:
        return _("ACCETTAZIONE is missing")
    return (
        _("the text of a receipt is missing") if not all(one.text or one.original for one in receipts) else ""
    )


def _date(receipts: Sequence[Receipt], *kinds: Kind) -> datetime | None:
    """Return the earliest date of a receipt of these kinds; of time-out notices, of the final one."""
    return min(
        (
            receipt.date
            for receipt in receipts
            if receipt.date and receipt.kind in kinds and receipt.final is not False
        ),
        default=None,
    )
