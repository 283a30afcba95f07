"""The state of a sent PEC, as a function of the set of its receipts and the time (docs/states.md).

Order of arrival, repetition and lateness can't matter, because the function takes nothing but the set.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pec.domains import compared
from pec.messages import Reason
from pec.names import ENDS, State
from pec.provider_text import among
from pec.reasons import reason_by_code
from pec.receipts import Kind, Receipt

WORST_FIRST = (
    State.REFUSED,
    State.UNDELIVERED,
    State.EXPIRED,
    State.UNCERTIFIED,
    State.DELIVERED,
)


@dataclass(frozen=True, slots=True)
class ReceiptRules:
    """The other inputs of the state: whom the PEC went to, when, and how long receipts may take."""

    recipients: tuple[str, ...]
    sent_at: datetime
    deadline: timedelta
    warning_age: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a set of receipts gives at a time."""

    state: State
    reason: Reason | None
    accepted_at: datetime | None
    ending_at: datetime | None  # the date of the receipt that ends it, of several recipients' the last
    outcomes: Mapping[str, State]  # of each recipient, where there are several


def judge(receipts: Iterable[Receipt], rules: ReceiptRules, now: datetime) -> Verdict:
    """Return what a set of receipts says at a time.

    The first state that fits counts: delivered, refused, undelivered, uncertified, expired, delayed, accepted, sent.
    """
    known = list(receipts)
    accepted_at = _accepted_at(known)
    if len(rules.recipients) < 2:
        state = _state_of_one(known, rules, accepted_at, now)
        return Verdict(state, reason_of(state, known), accepted_at, _ending_at(state, known, rules), {})
    outcomes = {
        address: _state_of_one(receipts_for(address, known), rules, accepted_at, now)
        for address in rules.recipients
    }
    state = _combined(list(outcomes.values()))
    endings = [
        at
        for address, outcome in outcomes.items()
        if outcome is state and (at := _ending_at(state, receipts_for(address, known), rules))
    ]
    return Verdict(state, reason_of(state, known), accepted_at, max(endings, default=None), outcomes)


def _state_of_one(
    known: Sequence[Receipt], rules: ReceiptRules, accepted_at: datetime | None, now: datetime
) -> State:
    kinds = {receipt.kind for receipt in known}
    notices = [receipt for receipt in known if receipt.kind is Kind.PREAVVISO]
    if Kind.CONSEGNA in kinds:
        return State.DELIVERED
    if Kind.NON_ACCETTAZIONE in kinds:
        return State.REFUSED
    since = accepted_at or rules.sent_at
    if Kind.MANCATA_CONSEGNA in kinds or any(
        _is_final(notice, since, rules.warning_age) for notice in notices
    ):
        return State.UNDELIVERED
    if any(receipt.kind is Kind.ACCETTAZIONE and _only_ordinary(receipt) for receipt in known):
        return State.UNCERTIFIED
    if now >= rules.sent_at + rules.deadline:
        return State.EXPIRED
    if notices:
        return State.DELAYED
    return State.ACCEPTED if Kind.ACCETTAZIONE in kinds else State.SENT


def _ending_at(state: State, known: Sequence[Receipt], rules: ReceiptRules) -> datetime | None:
    """Return the earliest date of a receipt that brings about this end; None if it has no receipt of its own."""
    since = _accepted_at(known) or rules.sent_at
    return min(
        (
            receipt.date
            for receipt in known
            if receipt.date
            and (
                receipt.kind is _ENDED_BY.get(state)
                or (
                    state is State.UNDELIVERED
                    and receipt.kind is Kind.PREAVVISO
                    and _is_final(receipt, since, rules.warning_age)
                )
            )
        ),
        default=None,
    )


_ENDED_BY = {
    State.DELIVERED: Kind.CONSEGNA,
    State.UNDELIVERED: Kind.MANCATA_CONSEGNA,
    State.REFUSED: Kind.NON_ACCETTAZIONE,
}


def _is_final(notice: Receipt, since: datetime, warning_age: timedelta) -> bool:
    """Return whether a notice is the final one. Both have the same subject, so its text decides, else its age."""
    if notice.final is not None:
        return notice.final
    return notice.date is not None and notice.date - since >= warning_age


def _only_ordinary(acceptance: Receipt) -> bool:
    return bool(acceptance.named) and all(named.certified is False for named in acceptance.named)


def receipts_for(address: str, known: Iterable[Receipt]) -> list[Receipt]:
    """Return the receipts about this recipient: those that name it, and refusals, which name no recipient.

    An ACCETTAZIONE is about all recipients: it is returned with what it says of this one.
    """
    mine, wanted = [], compared(address)
    for receipt in known:
        if receipt.kind is Kind.ACCETTAZIONE:
            named = tuple(one for one in receipt.named if among({wanted}, one) == wanted)
            mine.append(replace(receipt, named=named))
        elif receipt.kind is Kind.NON_ACCETTAZIONE or wanted in map(
            compared, (one.address for one in receipt.named)
        ):
            mine.append(receipt)
    return mine


def _combined(states: Sequence[State]) -> State:
    """Return the worst state once all have ended, else the least advanced of those that are open."""
    open_states = [state for state in states if state not in ENDS]
    if not open_states:
        return next(state for state in WORST_FIRST if state in states)
    return next(state for state in (State.DELAYED, State.SENT, State.ACCEPTED) if state in open_states)


def _accepted_at(known: Iterable[Receipt]) -> datetime | None:
    return min(
        (receipt.date for receipt in known if receipt.kind is Kind.ACCETTAZIONE and receipt.date),
        default=None,
    )


def reason_of(state: State, known: Sequence[Receipt]) -> Reason | None:
    """Return why a message with these receipts is in this state; None for a good state."""
    if state is State.REFUSED:
        return _reason_from(known, Kind.NON_ACCETTAZIONE, "not_accepted")
    if state is State.UNDELIVERED:
        if any(receipt.kind is Kind.MANCATA_CONSEGNA for receipt in known):
            return _reason_from(known, Kind.MANCATA_CONSEGNA, "not_delivered")
        errors = [
            one.error for one in known if one.kind is Kind.PREAVVISO and one.error not in (None, _TIMEOUT)
        ]
        return _with_error("delivery_timeout", {}, min(filter(None, errors), default=None))
    return _WITHOUT_RECEIPT.get(state)


_TIMEOUT = "5.4.1"  # what the 24 h notice says anyway
_WITHOUT_RECEIPT = {
    State.UNCERTIFIED: reason_by_code("ordinary_mail"),
    State.EXPIRED: reason_by_code("no_final_receipt"),
    State.DELAYED: reason_by_code("delivery_delayed"),
}


def _reason_from(known: Iterable[Receipt], kind: Kind, code: str) -> Reason:
    """Return the reason that the receipt with the least key gives: then the order of arrival can't matter."""
    receipt = min((receipt for receipt in known if receipt.kind is kind), key=lambda receipt: receipt.key)
    if receipt.virus:
        return reason_by_code("virus", receipt=str(kind))
    return _with_error(code, {"receipt": str(kind)}, receipt.error)


def _with_error(code: str, details: Mapping[str, str], error: str | None) -> Reason:
    """Return the reason with a receipt's status code and what it means."""
    return reason_by_code(code, **details) if error is None else reason_by_code(code, **details, error=error)
