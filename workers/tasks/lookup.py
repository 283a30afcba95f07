"""Settling an uncertain send: found in the mailbox, it is adopted; not found, it is held. Never sent again blindly."""

from datetime import timedelta

import structlog

from pec.api.client import send_is_over_seconds
from pec.changes import Change
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.receipts import Receipt
from pec.store import records
from pec.store.commits import Commit, Conflict, KeyExists, apply, update
from pec.transitions import adopted, answer_lost, code_revoked, next_lookup_at, not_found
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable, call_optional
from workers.mailbox.search import TOO_MANY_MAILS, search
from workers.tasks.check import mails_of, read_mails

WONT_SAY = ("missing", "invalid", "scope")
log = structlog.get_logger()


def look_up(ctx: WorkerContext, message_id: str) -> None:
    """One look. A message still `sending` when its look-up comes due has lost its worker."""
    message = records.read(ctx.store, message_id)
    if message and message.state is State.SENDING:
        if _may_be_on_the_wire(ctx, message):
            return
        update(ctx.store, lambda: records.read(ctx.store, message_id), lambda found: _worker_lost(ctx, found))
        return
    if message is None or message.state not in (State.UNCERTAIN, State.HELD):
        ctx.store.clear_due(Queue.LOOKUP, message_id)
        return
    due = next_lookup_at(message, ctx.settings.uncertain)
    if ctx.now() < due:  # a late or doubled hint
        ctx.store.set_due(Queue.LOOKUP, message_id, due.timestamp())
        return
    try:
        change = _change(ctx, message)
    except NotServed:
        ctx.defer_to_others(Queue.LOOKUP, message_id)
        return
    except MailboxUnavailable as error:
        log.info("mailbox_unavailable", why=error.code)
        all_read = error.code == TOO_MANY_MAILS  # as far as it ever will be: an operator must look
        change = not_found(message, ctx.now(), ctx.settings.uncertain, readable=all_read, blind=error.code)
    _keep(ctx, change)


def _may_be_on_the_wire(ctx: WorkerContext, message: Message) -> bool:
    """Then the hint was for an earlier claim, and this one has its own look-up: however small it is, it takes so long.

    A claim of the future tells nothing: the server's clock was set back.
    """
    took = timedelta(seconds=send_is_over_seconds(ctx.settings.api, 0))
    return message.claimed_at is not None and message.claimed_at <= ctx.now() < message.claimed_at + took


def _worker_lost(ctx: WorkerContext, message: Message) -> Change | None:
    if message.state is not State.SENDING:
        return None
    reason = Reason(
        "worker_lost", "the worker that was sending it died or hung: it may have been sent, or not"
    )
    return answer_lost(message, ctx.now(), reason, ctx.settings.uncertain)


def _change(ctx: WorkerContext, message: Message) -> Change:
    for reference in _references(message):
        receipts = search(ctx, message, reference)
        if receipts:
            return _adoption(ctx, message, receipts)
    if has_room(ctx, message.account):
        return not_found(message, ctx.now(), ctx.settings.uncertain)
    return not_found(message, ctx.now(), ctx.settings.uncertain, readable=False, blind="mailbox_full")


def _references(message: Message) -> tuple[str | None, ...]:
    """Of all attempts whose answer was lost; without any, the subject must do."""
    return (
        tuple(dict.fromkeys((*message.lost_references, message.reference))) if message.reference else (None,)
    )


def _adoption(ctx: WorkerContext, message: Message, receipts: list[Receipt]) -> Change:
    """Under the code that the receipts tell, with their texts."""
    code = receipts[0].code
    rules, chance = ctx.settings.receipts, ctx.chance()
    found = adopted(message, code, receipts, ctx.now(), rules, chance)
    with_texts, _ = read_mails(found.after.sent_subject, code, mails_of(ctx, message.account, code))
    return adopted(message, code, [*receipts, *with_texts], ctx.now(), rules, chance)


def has_room(ctx: WorkerContext, account: str) -> bool:
    """Whether receipts could have come in: a full mailbox proves nothing. Where the API won't say, it is taken to."""
    try:
        quota = call_optional(ctx, account, ctx.client.quota)
    except MailboxUnavailable as error:
        if error.code in WONT_SAY:
            return True
        raise
    return not quota.limit or quota.usage < quota.limit * ctx.settings.quota.pause_ratio


def _keep(ctx: WorkerContext, change: Change) -> None:
    code = change.after.code
    absent = [ctx.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(ctx.store, Commit([change], absent=absent))
    except Conflict:
        return  # its worker was faster: what it stored has scheduled what follows
    except KeyExists as owner:
        log.error("code_conflict_found", code=code, owner=owner.value)
        _take_over(ctx, change, owner.value)
        return
    log.info("message_looked_up", state=str(change.after.state), code=code)


def _take_over(ctx: WorkerContext, change: Change, owner_id: str) -> None:
    """Receipts with our reference prove whose the code is, against an owner that the API gave it to by mistake.

    One that has receipts of its own keeps it, and so does one that could be alike: then the lease brings the next look.
    """
    owner, kept = records.read_with_receipts(ctx.store, owner_id)
    mistaken = owner and owner.state is State.SENT and owner.code == change.after.code and not kept.receipts
    if not (owner and mistaken and change.after.reference):
        return
    yielded = code_revoked(owner, ctx.now(), ctx.settings.uncertain)
    try:
        apply(ctx.store, Commit([change, yielded]))
    except Conflict:
        return
    log.warning("code_taken_over", code=change.after.code, of=owner_id)
