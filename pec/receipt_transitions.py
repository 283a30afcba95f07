"""How receipts move a sent message, as pure functions: its state, its proof, and when it is checked next."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from config.settings import Receipts as ReceiptSettings
from pec.changes import Change, changed
from pec.events import Event, of_message
from pec.instants import delay
from pec.messages import Message
from pec.names import EventType, Queue, State
from pec.proof import lacking, proof_of
from pec.receipt_merge import merge
from pec.receipts import Receipt, Unrecognised
from pec.states import ReceiptRules, judge

TEXT_CHECKS = 8  # for what the proof of an ended message lacks


def receipts_observed(
    message: Message,
    kept: Mapping[str, Receipt],
    seen: Collection[Receipt],
    unrecognised: Collection[Unrecognised],
    now: datetime,
    rules: ReceiptSettings,
    chance: float,
    scanned_until: datetime | None = None,
) -> Change:
    """Return the change to the state that all receipts known now give, with the time of the next check.

    If a page showed them, `scanned_until` is when pages are no longer trusted: until then the message needs no check
    of its own. A page shows no texts: once the message has ended, a check now asks for what its proof lacks.
    """
    known = merge(kept.values(), seen)
    verdict = judge(known, _receipt_rules(message, rules), now)
    new = tuple(receipt for receipt in known if kept.get(receipt.key) != receipt)
    proof = proof_of(verdict.state, known, message.proof)
    fields = {
        "state": verdict.state,
        "reason": verdict.reason,
        "accepted_at": verdict.accepted_at,
        "delivered_at": verdict.ending_at if verdict.state is State.DELIVERED else None,
        "undelivered_at": verdict.ending_at if verdict.state is State.UNDELIVERED else None,
        "refused_at": verdict.ending_at if verdict.state is State.REFUSED else None,
        "proof": proof,
        "proof_reported": message.proof_reported or (message.proof is not None and proof is None),
        "outcomes": {address: str(state) for address, state in verdict.outcomes.items()},
        "checks": 0 if verdict.state is not message.state or (message.ended and new) else message.checks + 1,
        "acceptance_late": message.acceptance_late or _acceptance_is_late(message, verdict.state, now, rules),
    }
    change = changed(message, now, fields)
    keys = {receipt.key for receipt in known}
    return replace(
        change,
        due={
            Queue.CHECK: _proof_due(change.after, now, rules, chance, scanned=scanned_until is not None)
            if lacking(verdict.state, known)
            else _next_check(change.after, now, rules, chance, scanned_until)
        },
        receipts=new,
        superseded=tuple(key for key in kept if key not in keys),
        reported=tuple(one.key for one in unrecognised),
        events=(*change.events, *_notes(message, change.after, unrecognised)),
    )


def watched(change: Change, until: datetime, now: datetime, *, ask_now: bool) -> Change:
    """Return the change with its check put off, because IMAP shows what comes until then.

    `ask_now`: check at once instead, because only the API shows the rest.
    """
    check = change.due[Queue.CHECK]
    if ask_now:
        return replace(change, due={**change.due, Queue.CHECK: now})
    if check is None or check >= until:
        return change
    return replace(change, due={**change.due, Queue.CHECK: max(check, until)})


def duplicated(change: Change, code: str) -> Change:
    """Return the change with a report that an earlier attempt, thought lost, was sent too."""
    after = replace(change.after, duplicate=code)
    details = {
        "code": "sent_twice",
        "description": f"an earlier attempt was sent too, as {code}",
        "details": {},
    }
    event = of_message(after, EventType.MESSAGE_DUPLICATED, after.state, details)
    return replace(change, after=after, events=(*change.events, event))


def _receipt_rules(message: Message, rules: ReceiptSettings) -> ReceiptRules:
    return ReceiptRules(
        recipients=message.recipients,
        sent_at=message.sent_at or message.created_at,
        deadline=timedelta(seconds=rules.deadline_seconds),
        warning_age=timedelta(seconds=rules.warning_age_seconds),
    )


def _acceptance_is_late(message: Message, state: State, now: datetime, rules: ReceiptSettings) -> bool:
    since = message.sent_at or message.created_at
    return state is State.SENT and now - since >= timedelta(seconds=rules.late_acceptance_seconds)


def _next_check(
    message: Message, now: datetime, rules: ReceiptSettings, chance: float, scanned_until: datetime | None
) -> datetime | None:
    if message.ended:
        return _late_check(message, now, rules)
    if scanned_until and now < scanned_until:
        return scanned_until
    following = now + delay(rules.backoff_seconds, message.checks, chance)
    deadline = (message.sent_at or message.created_at) + timedelta(seconds=rules.deadline_seconds)
    return min(following, max(deadline, now))


def _proof_due(
    message: Message, now: datetime, rules: ReceiptSettings, chance: float, *, scanned: bool
) -> datetime | None:
    """Return the next check for what the proof of an ended message lacks: the API may have it late, or never."""
    if scanned:
        return now
    late = _late_check(message, now, rules)
    if message.checks >= TEXT_CHECKS:
        return late
    again = now + delay(rules.backoff_seconds, message.checks, chance)
    return min(again, late) if late else again


def _late_check(message: Message, now: datetime, rules: ReceiptSettings) -> datetime | None:
    """Return the next check after an end that a late CONSEGNA still overrides."""
    if message.state not in (State.EXPIRED, State.UNDELIVERED) or message.ended_at is None:
        return None
    following = now + timedelta(seconds=rules.late_interval_seconds)
    return following if following <= message.ended_at + timedelta(seconds=rules.late_period_seconds) else None


def _is_newly_complete(before: Message, after: Message) -> bool:
    return bool(after.proof and not before.proof and not before.proof_reported)


def _notes(before: Message, after: Message, unrecognised: Collection[Unrecognised]) -> tuple[Event, ...]:
    notes = (
        [of_message(after, EventType.PROOF_COMPLETE, before.state)]
        if _is_newly_complete(before, after)
        else []
    )
    notes += [
        of_message(
            after,
            EventType.RECEIPT_UNRECOGNISED,
            before.state,
            {"code": "unrecognised", "description": one.why, "details": {"mail": one.key}},
        )
        for one in unrecognised
    ]
    if after.acceptance_late and not before.acceptance_late:
        late = {
            "code": "acceptance_late",
            "description": "no ACCETTAZIONE yet: check the mailbox",
            "details": {},
        }
        notes.append(of_message(after, EventType.ACCEPTANCE_LATE, before.state, late))
    return tuple(notes)
