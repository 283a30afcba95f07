"""What happens to a message, as pure functions: the record, what happened and the time give the change.

The one place where states follow each other (docs/states.md draws it). No I/O, and no clock of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from config.settings import Receipts as ReceiptSettings
from config.settings import Uncertain as UncertainSettings
from pec.backoff import delay, doubling
from pec.changes import Change, Lane, changed
from pec.events import Event, of_message
from pec.messages import Message, Reason
from pec.names import EventType, Queue, State
from pec.proof import lacking, proof_of
from pec.receipts import Receipt, Unrecognised, merge
from pec.states import ReceiptRules, judge
from pec.subjects import reference_tag

REQUEUE_FIRST_SECONDS, REQUEUE_MAX_SECONDS = 2, 300
UNREADABLE_RETRY_SECONDS = 60
TEXT_CHECKS = 8  # for what the proof of an ended message lacks
GRACE = timedelta(seconds=5)  # between a send's deadline and the look-up that presumes its worker dead


class NotAllowed(Exception):  # noqa: N818 - named by what it tells the operator
    """The message is in a state in which this can't be done. The text says what can."""


# Waiting to be sent


def placement(message: Message, now: datetime) -> tuple[dict[Queue, datetime | None], Lane]:
    """Where a queued message waits: for its time, or in its lane (until not_after)."""
    if message.not_before and message.not_before > now:
        return {Queue.RELEASE: message.not_before}, Lane.LEAVE
    return {Queue.RELEASE: message.not_after}, Lane.ENTER


def expired_in_queue(message: Message, now: datetime) -> Change | None:
    """A queued message past its not_after expires; None where it may still be sent."""
    if message.not_after is None or now < message.not_after:
        return None
    reason = Reason("not_sent_in_time", "its not_after passed before it could be sent")
    return _leave(message, now, State.EXPIRED, reason)


def cancelled(message: Message, now: datetime) -> Change:
    """Raises NotAllowed once its bytes may have left."""
    if message.state is not State.QUEUED:
        raise NotAllowed(f"is {message.state}: only a message that is still queued can be cancelled")
    return _leave(message, now, State.CANCELLED, Reason("cancelled", "cancelled before it was sent"))


def _leave(message: Message, now: datetime, state: State, reason: Reason) -> Change:
    return changed(
        message, now, {"state": state, "reason": reason}, lane=Lane.LEAVE, due={Queue.RELEASE: None}
    )


# Sending


def claimed(message: Message, now: datetime, reference: str | None, send_deadline_seconds: float) -> Change:
    """On disk before the wire: from here on the bytes may leave, and a look-up follows if nothing is heard."""
    fields = {
        "state": State.SENDING,
        "attempts": message.attempts + 1,
        "reference": reference,
        "claimed_at": now,
        "reason": None,
    }
    look_up = now + timedelta(seconds=send_deadline_seconds) + GRACE
    return changed(message, now, fields, due={Queue.RELEASE: None, Queue.LOOKUP: look_up}, lane=Lane.LEAVE)


def unclaimed(message: Message, now: datetime) -> Change:
    """The claim is given back: it is certain that no byte left."""
    due, lane = placement(message, now)
    fields = {"state": State.QUEUED, "attempts": message.attempts - 1, "claimed_at": None}
    return changed(message, now, fields, due={**due, Queue.LOOKUP: None}, lane=lane)


def answered(message: Message, code: str, now: datetime, first_check: datetime) -> Change:
    """Return the change to `sent`, under the code that the API answered."""
    fields = {"state": State.SENT, "code": code, "sent_at": now, "requeues": 0, "checks": 0, "reason": None}
    return changed(message, now, fields, due={Queue.LOOKUP: None, Queue.CHECK: first_check})


def requeued(
    message: Message,
    now: datetime,
    reason: Reason,
    wait_seconds: float | None,
    chance: float,
    nothing_left: bool = False,
) -> Change:
    """Nothing was taken: back to the lane, after a wait (by default one that doubles)."""
    wait = (
        timedelta(seconds=wait_seconds)
        if wait_seconds is not None
        else doubling(REQUEUE_FIRST_SECONDS, REQUEUE_MAX_SECONDS, message.requeues, chance)
    )
    back_at = min(now + wait, message.not_after) if message.not_after else now + wait
    fields = {
        "state": State.QUEUED,
        "attempts": message.attempts - (nothing_left and message.state is State.SENDING),
        "requeues": message.requeues + 1,
        "reason": reason,
        "claimed_at": None,
    }
    return changed(message, now, fields, due={Queue.LOOKUP: None, Queue.RELEASE: back_at}, lane=Lane.LEAVE)


def failed(message: Message, now: datetime, reason: Reason) -> Change:
    """It can't be sent: the API refused the request for good, or its content is gone."""
    due = {Queue.LOOKUP: None, Queue.RELEASE: None}
    return changed(message, now, {"state": State.FAILED, "reason": reason}, due=due, lane=Lane.LEAVE)


def answer_lost(message: Message, now: datetime, reason: Reason, rules: UncertainSettings) -> Change:
    """The answer was lost: it may have been sent, or not. The mailbox is searched; it is never sent again blindly."""
    fields = {
        "state": State.UNCERTAIN,
        "reason": reason,
        "sent_at": message.claimed_at or now,
        "checks": 0,
        "lost_references": (*message.lost_references, message.reference)
        if message.reference
        else message.lost_references,
    }
    change = changed(message, now, fields)
    return replace(change, due={Queue.LOOKUP: max(now, next_lookup_at(change.after, rules))})


def code_revoked(message: Message, now: datetime, rules: UncertainSettings) -> Change:
    """The API gave it a code that receipts show to be another message's: what its own is, the mailbox must tell."""
    reason = Reason(
        "code_repeated", "the API gave it a code that belongs to another message", {"code": message.code}
    )
    cleared = replace(
        message,
        code=None,
        accepted_at=None,
        delivered_at=None,
        undelivered_at=None,
        refused_at=None,
        ended_at=None,
        proof=None,
        proof_reported=False,  # what was published was another message's proof
    )
    change = answer_lost(cleared, now, reason, rules)
    return replace(change, before=message, due={**change.due, Queue.CHECK: None})


# Looking for an uncertain send


def next_lookup_at(message: Message, rules: UncertainSettings) -> datetime:
    """From when the next look counts. Once held, any time."""
    since = message.claimed_at or message.updated_at
    if message.state is not State.UNCERTAIN:
        return since
    return since + timedelta(seconds=rules.lookup_seconds[min(message.checks, len(rules.lookup_seconds) - 1)])


def adopted(
    message: Message,
    code: str,
    seen: Collection[Receipt],
    now: datetime,
    rules: ReceiptSettings,
    chance: float,
) -> Change:
    """The mailbox shows that it was sent, under this code: its state is what its receipts say."""
    reference = _reference_of(message, seen)
    found = replace(
        message, code=code, reference=reference, sent_at=message.claimed_at or now, checks=0, resend=False
    )
    change = receipts_observed(found, {}, seen, (), now, rules, chance)
    suspects = tuple(other for other in message.lost_references if other != reference)
    after = replace(change.after, lost_references=suspects)
    return replace(
        change, before=message, after=after, due={**change.due, Queue.LOOKUP: None, Queue.RELEASE: None}
    )


def not_found(
    message: Message, now: datetime, rules: UncertainSettings, readable: bool = True, blind: str = ""
) -> Change:
    """A look-up found nothing: look again, hold it for an operator, or send it again if one asked.

    A mailbox that could not be read, or had no room, proves nothing: that look does not count.
    """
    since = message.claimed_at or now
    if not readable:
        again = now + timedelta(seconds=UNREADABLE_RETRY_SECONDS)
        return changed(message, now, {"reason": _blind(message, blind)}, due={Queue.LOOKUP: again})
    if message.state is State.HELD:
        return _still_held(message, now, since, rules)
    looks = message.checks + 1
    if looks < len(rules.lookup_seconds):
        change = changed(message, now, {"checks": looks})
        return replace(change, due={Queue.LOOKUP: max(now, next_lookup_at(change.after, rules))})
    reason = Reason(
        "not_found",
        f"its answer was lost and {looks} searches of the mailbox did not find it: "
        f"`pec resend {message.id}` or `pec discard {message.id}`",
    )
    again = now + timedelta(seconds=rules.held_interval_seconds)
    return changed(
        message, now, {"state": State.HELD, "checks": looks, "reason": reason}, due={Queue.LOOKUP: again}
    )


def _still_held(message: Message, now: datetime, since: datetime, rules: UncertainSettings) -> Change:
    if message.resend:
        fields = {"state": State.QUEUED, "resend": False, "reason": None, "checks": 0, "claimed_at": None}
        due, lane = placement(message, now)
        return changed(message, now, fields, due={**due, Queue.LOOKUP: None}, lane=lane)
    again = now + timedelta(seconds=rules.held_interval_seconds)
    last = since + timedelta(seconds=rules.lookup_seconds[-1] + rules.held_period_seconds)
    return changed(
        message, now, {"checks": message.checks + 1}, due={Queue.LOOKUP: again if again <= last else None}
    )


def _blind(message: Message, blind: str) -> Reason | None:
    if message.reason is None:
        return None
    return replace(message.reason, details={**message.reason.details, "search": blind})


def _reference_of(message: Message, seen: Collection[Receipt]) -> str | None:
    """Which attempt the receipts tell of."""
    for reference in (*message.lost_references, message.reference):
        if reference and any(receipt.subject.endswith(reference_tag(reference)) for receipt in seen):
            return reference
    return message.reference


def adopted_after_restore(
    message: Message,
    code: str,
    reference: str | None,
    seen: Collection[Receipt],
    now: datetime,
    rules: ReceiptSettings,
    chance: float,
) -> Change:
    """After a restore: the mailbox shows that it was sent since the backup, which has it as queued."""
    sent_at = min((receipt.date for receipt in seen if receipt.date), default=now)
    attempt = replace(message, reference=reference, attempts=message.attempts + 1, claimed_at=sent_at)
    return replace(adopted(attempt, code, seen, now, rules, chance), before=message)


def held_after_restore(message: Message, now: datetime, why: str) -> Change:
    """After a restore: whether it was sent since the backup can't be told, so an operator must."""
    reason = Reason(
        "perhaps_sent",
        f"it may have been sent since the backup ({why}): look into the mailbox, then "
        f"`pec discard {message.id}`, or `pec resend {message.id}` once workers run without --reconcile",
    )
    fields = {"state": State.HELD, "reason": reason}
    return changed(message, now, fields, due={Queue.RELEASE: None}, lane=Lane.LEAVE)


def resend_asked(message: Message, now: datetime) -> Change:
    """An operator asks to send it again: one more look first. Raises NotAllowed."""
    _must_be_held(message, "sent again")
    return changed(message, now, {"resend": True}, due={Queue.LOOKUP: now})


def discarded(message: Message, now: datetime) -> Change:
    """An operator gives it up. Raises NotAllowed."""
    _must_be_held(message, "discarded")
    reason = Reason("discarded", "given up by an operator after its answer was lost")
    return changed(message, now, {"state": State.FAILED, "reason": reason}, due={Queue.LOOKUP: None})


def _must_be_held(message: Message, what: str) -> None:
    if message.state is State.UNCERTAIN:
        raise NotAllowed("is still being looked for in the mailbox: it will be held, or found, by itself")
    if message.state is not State.HELD:
        raise NotAllowed(f"is {message.state}: only a held message can be {what}")


# Receipts


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
    news = tuple(receipt for receipt in known if kept.get(receipt.key) != receipt)
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
        "checks": 0 if verdict.state is not message.state or (message.ended and news) else message.checks + 1,
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
        receipts=news,
        superseded=tuple(key for key in kept if key not in keys),
        reported=tuple(one.key for one in unrecognised),
        events=(*change.events, *_notes(message, change.after, unrecognised)),
    )


def duplicated(change: Change, code: str) -> Change:
    """An earlier attempt, thought lost, was sent too: the operator must know. Added to another change."""
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
    """Return when an ended message is asked next for what its proof lacks: the API may have it late, or never."""
    if scanned:
        return now
    late = _late_check(message, now, rules)
    if message.checks >= TEXT_CHECKS:
        return late
    again = now + delay(rules.backoff_seconds, message.checks, chance)
    return min(again, late) if late else again


def _late_check(message: Message, now: datetime, rules: ReceiptSettings) -> datetime | None:
    """A CONSEGNA can still follow these two ends, and overrides them."""
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
