"""Settling an uncertain send: found in the mailbox, it is adopted; not found, it is held. Never sent again blindly."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from pec.api.client import send_is_over_seconds
from pec.changes import Change
from pec.messages import Message
from pec.names import Queue, State
from pec.reasons import reason_by_code
from pec.receipts import Receipt
from pec.store import records
from pec.store.commits import Commit, Conflict, KeyExists, apply, update
from pec.transitions import adopted, answer_lost, code_revoked, next_lookup_at, not_found
from workers.context import NotServed, WorkerContext
from workers.mailbox.adoption import adoption
from workers.mailbox.archived import search_archive
from workers.mailbox.calls import MailboxUnavailable, has_room
from workers.mailbox.search import TOO_MANY_MAILS, search

log = structlog.get_logger()


def look_up(ctx: WorkerContext, message_id: str) -> None:
    """Search once for an uncertain message. One still `sending` when its lookup is due has lost its worker."""
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
    with ctx.spans.span(Queue.LOOKUP, message.traceparent, message=message.id, account=message.account):
        _settle(ctx, message)


def _settle(ctx: WorkerContext, message: Message) -> None:
    try:
        change = _change(ctx, message)
    except NotServed:
        ctx.defer_to_others(Queue.LOOKUP, message.id)
        return
    except MailboxUnavailable as error:
        log.info("mailbox_unavailable", why=error.code)
        counts = error.code == TOO_MANY_MAILS  # there will be no fewer: an operator must look
        change = not_found(message, ctx.now(), ctx.settings.uncertain, readable=counts, blind=error.code)
    _commit(ctx, change)


def _may_be_on_the_wire(ctx: WorkerContext, message: Message) -> bool:
    """Return whether the claim is too recent to be lost: then the hint was for an earlier claim.

    Even the smallest send takes so long, and each claim has a lookup of its own. A claim in the future proves
    nothing: the server's clock was set back.
    """
    took = timedelta(seconds=send_is_over_seconds(ctx.settings.api, 0))
    return message.claimed_at is not None and message.claimed_at <= ctx.now() < message.claimed_at + took


def _worker_lost(ctx: WorkerContext, message: Message) -> Change | None:
    if message.state is not State.SENDING:
        return None
    return answer_lost(message, ctx.now(), reason_by_code("worker_lost"), ctx.settings.uncertain)


def _change(ctx: WorkerContext, message: Message) -> Change:
    mails = 0
    for reference in _references(message):
        found = search(ctx, message, reference)
        mails += found.mails
        if found.receipts:
            return _adoption(ctx, message, found.receipts)
        if receipts := search_archive(ctx, message, reference):
            rules = ctx.settings.receipts
            return adopted(message, receipts[0].code, receipts, ctx.now(), rules, ctx.chance())
    if has_room(ctx, message.account):
        return not_found(message, ctx.now(), ctx.settings.uncertain, mails=mails)
    return not_found(
        message, ctx.now(), ctx.settings.uncertain, readable=False, blind="mailbox_full", mails=mails
    )


def _references(message: Message) -> tuple[str | None, ...]:
    """Return the references of all attempts whose answer was lost; (None,) to search by subject."""
    return (
        tuple(dict.fromkeys((*message.lost_references, message.reference))) if message.reference else (None,)
    )


def _adoption(ctx: WorkerContext, message: Message, receipts: Sequence[Receipt]) -> Change:
    rules, chance = ctx.settings.receipts, ctx.chance()

    def adopt(code: str, seen: Sequence[Receipt]) -> Change:
        return adopted(message, code, seen, ctx.now(), rules, chance)

    return adoption(ctx, receipts, adopt)


def _commit(ctx: WorkerContext, change: Change) -> None:
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
    """Take the code from an owner that the API gave it to by mistake: receipts with our reference prove whose it is.

    An owner that has receipts of its own keeps the code. So it does if our message has no reference. Then the
    lease brings the next lookup.
    """
    owner, stored = records.read_with_receipts(ctx.store, owner_id)
    is_mistaken = (
        owner and owner.state is State.SENT and owner.code == change.after.code and not stored.receipts
    )
    if not (owner and is_mistaken and change.after.reference):
        return
    yielded = code_revoked(owner, ctx.now(), ctx.settings.uncertain)
    try:
        apply(ctx.store, Commit([change, yielded]))
    except Conflict:
        return
    log.warning("code_taken_over", code=change.after.code, owner=owner_id)
