"""How a message moves before its receipts, as pure functions: record, occurrence and time give the change.

Here and in `pec.receipt_transitions` states follow each other, and nowhere else (docs/states.md draws it).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from config.settings import Receipts as ReceiptSettings
from config.settings import Uncertain as UncertainSettings
from pec.changes import Change, Lane, changed
from pec.instants import doubling
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.problems import problem
from pec.reasons import reason_by_code
from pec.receipt_transitions import receipts_observed
from pec.receipts import Receipt
from pec.searches import NOTHING, Search, added
from pec.subjects import reference_tag

REQUEUE_FIRST_SECONDS, REQUEUE_MAX_SECONDS = 2, 300
UNREADABLE_RETRY_SECONDS = 60
GRACE = timedelta(seconds=5)  # between a send's deadline and the lookup that presumes its worker dead


class NotAllowed(Exception):
    """The message is in a state in which this can't be done. `problem` says what can."""

    def __init__(self, code: str, message: Message) -> None:
        self.problem = problem("id", code, id=message.id, state=str(message.state))
        super().__init__(self.problem.reason)


# Waiting to be sent


def placement(message: Message, now: datetime) -> tuple[dict[Queue, datetime | None], Lane]:
    """Return where a queued message waits: for its time, or in its lane (until not_after)."""
    if message.not_before and message.not_before > now:
        return {Queue.RELEASE: message.not_before}, Lane.LEAVE
    return {Queue.RELEASE: message.not_after}, Lane.ENTER


def expired_in_queue(message: Message, now: datetime) -> Change | None:
    """Return the end of a queued message past its not_after; None if it may still be sent."""
    if message.not_after is None or now < message.not_after:
        return None
    return _leave(message, now, State.EXPIRED, reason_by_code("not_sent_in_time"))


def cancelled(message: Message, now: datetime) -> Change:
    """Return the end of a message that is still queued. Raise NotAllowed once its bytes may have left."""
    if message.state is not State.QUEUED:
        raise NotAllowed("not_queued", message)
    return _leave(message, now, State.CANCELLED, reason_by_code("cancelled"))


def _leave(message: Message, now: datetime, state: State, reason: Reason) -> Change:
    return changed(
        message, now, {"state": state, "reason": reason}, lane=Lane.LEAVE, due={Queue.RELEASE: None}
    )


# Sending


def claimed(message: Message, now: datetime, reference: str | None, send_deadline_seconds: float) -> Change:
    """Return the claim: once it is on disk, bytes may leave. A lookup follows if no outcome is stored."""
    fields = {
        "state": State.SENDING,
        "attempts": message.attempts + 1,
        "reference": reference,
        "claimed_at": now,
        "reason": None,
    }
    lookup_at = now + timedelta(seconds=send_deadline_seconds) + GRACE
    return changed(message, now, fields, due={Queue.RELEASE: None, Queue.LOOKUP: lookup_at}, lane=Lane.LEAVE)


def unclaimed(message: Message, now: datetime) -> Change:
    """Return the change that undoes a claim: it is certain that no byte left."""
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
    """Return the change back to the lane, after a wait that doubles by default: the API took nothing."""
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


def held_unsent(message: Message, now: datetime, reason: Reason) -> Change:
    """Return the hold of a queued message that can't be sent until an operator has mended the cause."""
    return changed(
        message,
        now,
        {"state": State.HELD, "reason": reason},
        due={Queue.RELEASE: None},
        lane=Lane.LEAVE,
    )


def failed(message: Message, now: datetime, reason: Reason) -> Change:
    """Return the end of a message that can't be sent: the API refused it for good, or its content is gone."""
    due = {Queue.LOOKUP: None, Queue.RELEASE: None}
    return changed(message, now, {"state": State.FAILED, "reason": reason}, due=due, lane=Lane.LEAVE)


def answer_lost(message: Message, now: datetime, reason: Reason, rules: UncertainSettings) -> Change:
    """Return the change to `uncertain`: it may have been sent, so the mailbox is searched before it is sent again."""
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
    """Return the change that takes away a code which receipts show to be another message's. A lookup finds its own."""
    why = reason_by_code("code_repeated", code=message.code)
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
    change = answer_lost(cleared, now, why, rules)
    return replace(change, before=message, due={**change.due, Queue.CHECK: None})


# Looking for an uncertain send


def next_lookup_at(message: Message, rules: UncertainSettings) -> datetime:
    """Return from when the next lookup counts. Once the message is held, each does."""
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
    """Return the change to the state that its receipts give: the mailbox shows that it was sent, under this code."""
    reference = _reference_of(message, seen)
    found = replace(
        message, code=code, reference=reference, sent_at=message.claimed_at or now, checks=0, resend=False
    )
    change = receipts_observed(found, {}, seen, (), now, rules, chance)
    still_lost = tuple(other for other in message.lost_references if other != reference)
    after = replace(change.after, lost_references=still_lost)
    return replace(
        change, before=message, after=after, due={**change.due, Queue.LOOKUP: None, Queue.RELEASE: None}
    )


def not_found(
    message: Message,
    now: datetime,
    rules: UncertainSettings,
    readable: bool = True,
    blind: str = "",
    mails: int = 0,
) -> Change:
    """Return what follows a lookup that found nothing: another one, a hold, or a new send if an operator asked.

    A mailbox that could not be read, or had no room, proves nothing: that lookup does not count. `blind` says why.
    `mails` is how many the search showed.
    """
    since = message.claimed_at or now
    seen = {"searches": added(message.searches, Search(now, blind or NOTHING, mails))}
    if not readable:
        again = now + timedelta(seconds=UNREADABLE_RETRY_SECONDS)
        return changed(message, now, {"reason": _blind(message, blind), **seen}, due={Queue.LOOKUP: again})
    if message.state is State.HELD:
        return _still_held(message, now, since, rules, seen)
    lookups = message.checks + 1
    if lookups < len(rules.lookup_seconds):
        change = changed(message, now, {"checks": lookups, **seen})
        return replace(change, due={Queue.LOOKUP: max(now, next_lookup_at(change.after, rules))})
    why = reason_by_code("not_found", searches=lookups, id=message.id)
    again = now + timedelta(seconds=rules.held_interval_seconds)
    return changed(
        message,
        now,
        {"state": State.HELD, "checks": lookups, "reason": why, **seen},
        due={Queue.LOOKUP: again},
    )


def _still_held(
    message: Message, now: datetime, since: datetime, rules: UncertainSettings, seen: Mapping[str, Any]
) -> Change:
    if message.resend:
        fields = {
            "state": State.QUEUED,
            "resend": False,
            "reason": None,
            "checks": 0,
            "claimed_at": None,
            **seen,
        }
        due, lane = placement(message, now)
        return changed(message, now, fields, due={**due, Queue.LOOKUP: None}, lane=lane)
    again = now + timedelta(seconds=rules.held_interval_seconds)
    last = since + timedelta(seconds=rules.lookup_seconds[-1] + rules.held_period_seconds)
    return changed(
        message,
        now,
        {"checks": message.checks + 1, **seen},
        due={Queue.LOOKUP: again if again <= last else None},
    )


def _blind(message: Message, blind: str) -> Reason | None:
    if message.reason is None:
        return None
    return replace(message.reason, details={**message.reason.details, "search": blind})


def _reference_of(message: Message, seen: Collection[Receipt]) -> str | None:
    """Return the reference of the attempt that the receipts are of."""
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
    """Return the adoption after a restore: the backup has the message as queued, and the mailbox shows a send."""
    sent_at = min((receipt.date for receipt in seen if receipt.date), default=now)
    attempt = replace(message, reference=reference, attempts=message.attempts + 1, claimed_at=sent_at)
    return replace(adopted(attempt, code, seen, now, rules, chance), before=message)


def held_after_restore(message: Message, now: datetime, why: str, **details: str) -> Change:
    """Return the hold after a restore: an operator must find out whether it was sent since the backup.

    `why` is `too_many_mails`, `no_query`, `purged` or `similar_sent` (with its `code`): see pec.reasons.
    """
    fields = {
        "state": State.HELD,
        "reason": reason_by_code("perhaps_sent", id=message.id, why=why, **details),
    }
    return changed(message, now, fields, due={Queue.RELEASE: None}, lane=Lane.LEAVE)


def resend_asked(message: Message, now: datetime) -> Change:
    """Return the lookup that precedes a new send, which an operator asked for. Raise NotAllowed."""
    _must_be_held(message, "not_held_to_resend")
    return changed(message, now, {"resend": True}, due={Queue.LOOKUP: now})


def discarded(message: Message, now: datetime) -> Change:
    """Return the end of a message that an operator gives up. Raise NotAllowed."""
    _must_be_held(message, "not_held_to_discard")
    fields = {"state": State.FAILED, "reason": reason_by_code("discarded")}
    return changed(message, now, fields, due={Queue.LOOKUP: None})


def _must_be_held(message: Message, otherwise: str) -> None:
    if message.state is State.UNCERTAIN:
        raise NotAllowed("still_searched", message)
    if message.state is not State.HELD:
        raise NotAllowed(otherwise, message)
