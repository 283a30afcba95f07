"""After a restore: a message that may have been sent since the backup is searched for in its mailbox before it is sent.

The backup has not seen the attempt, but its reference is made of the message's id, so it is known all the same. If
the subject carries no reference, another PEC can have the same receipts: then an operator must look.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from pec.changes import Change
from pec.domains import compared
from pec.messages import Message
from pec.names import Proof
from pec.reasons import reason_by_code
from pec.receipts import Receipt, find, is_about
from pec.store import records
from pec.store.commits import Commit, Conflict, KeyExists, apply
from pec.store.purging import rules_ever
from pec.subjects import reference_of
from pec.transitions import UNREADABLE_RETRY_SECONDS, adopted_after_restore, held_after_restore, requeued
from workers.context import WorkerContext
from workers.mailbox.adoption import adoption
from workers.mailbox.archived import archived_since, search_archive
from workers.mailbox.calls import MailboxUnavailable, has_room
from workers.mailbox.purge_policy import rules_of
from workers.mailbox.search import CLOCK_TOLERANCE, TOO_MANY_MAILS, mails_with, names_others, query_of, search

LATER_ATTEMPTS = 2  # since the backup: one, and one that an operator asked for after it
log = structlog.get_logger()


def settled_before_sending(ctx: WorkerContext, message: Message, since: datetime) -> bool:
    """Settle a message that must not be sent now, and return whether there was a reason to.

    It was found as sent, it is held for an operator, or its mailbox can't be read. Raise NotServed.
    """
    try:
        change = _in_archive(ctx, message) or (
            _by_reference(ctx, message) if message.has_reference else _by_subject(ctx, message, since)
        )
        if change is None and not has_room(ctx, message.account):
            raise MailboxUnavailable("mailbox_full")
    except MailboxUnavailable as error:
        change = _unread(ctx, message, error)
    if change is None and _may_be_purged(ctx, message.account, since):
        change = held_after_restore(message, ctx.now(), "purged")
    if change is None:
        return False
    _commit(ctx, change)
    return True


def _may_be_purged(ctx: WorkerContext, account: str, since: datetime) -> bool:
    """Return whether receipts of sends since then may be gone from the mailbox, and are in no archive either.

    Other settings may have been in force since then, so the rules that workers have had count like today's.
    """
    seconds = (ctx.now() - since).total_seconds()
    return any(
        rule.account == account
        and seconds > rule.grace_seconds
        and (rule.proof is Proof.TEXTS or ctx.vault is None)
        for rule in (*rules_of(ctx.settings), *rules_ever(ctx.store))
    )


def _unread(ctx: WorkerContext, message: Message, error: MailboxUnavailable) -> Change:
    """Return a change that waits for a readable mailbox. Too many mails will not get fewer: then hold the message."""
    if error.code == TOO_MANY_MAILS:
        return held_after_restore(message, ctx.now(), TOO_MANY_MAILS)
    why = reason_by_code("mailbox_unavailable", why=error.code)
    return requeued(message, ctx.now(), why, UNREADABLE_RETRY_SECONDS, ctx.chance())


def _in_archive(ctx: WorkerContext, message: Message) -> Change | None:
    """Return what the archive shows: receipts that have left the mailbox since. Raise MailboxUnavailable."""
    if not message.has_reference:
        about = [one for one in archived_since(ctx, message) if is_about(one, message.subject)]
        return _similar(ctx, message, about)
    for reference in _references(ctx, message):
        if seen := search_archive(ctx, message, reference):
            rules, chance = ctx.settings.receipts, ctx.chance()
            return adopted_after_restore(message, seen[0].code, reference, seen, ctx.now(), rules, chance)
    return None


def _references(ctx: WorkerContext, message: Message) -> list[str]:
    """Return the references of the attempts that may have been made since the backup."""
    made = len(message.lost_references)
    numbers = range(made, made + LATER_ATTEMPTS)
    return [reference_of(ctx.store.keys.namespace, message.id, number) for number in numbers]


def _similar(ctx: WorkerContext, message: Message, receipts: Sequence[Receipt]) -> Change | None:
    """Return a hold if one of these, which quote the message's subject, may be about it."""
    wanted = set(map(compared, message.recipients))
    for one in receipts:
        named = {compared(each.address) for each in one.named}
        unowned = records.owner_of(ctx.store, message.account, one.code) is None
        if unowned and not (named and wanted.isdisjoint(named)):
            return held_after_restore(message, ctx.now(), "similar_sent", code=one.code)
    return None


def _by_reference(ctx: WorkerContext, message: Message) -> Change | None:
    """Return the adoption; None if the mailbox proves that it was not sent. Raise MailboxUnavailable."""
    for reference in _references(ctx, message):
        receipts = search(ctx, message, reference).receipts
        if receipts:
            return _adoption(ctx, message, reference, receipts)
    return None


def _adoption(ctx: WorkerContext, message: Message, reference: str, receipts: Sequence[Receipt]) -> Change:
    rules, chance = ctx.settings.receipts, ctx.chance()

    def adopt(code: str, seen: Sequence[Receipt]) -> Change:
        return adopted_after_restore(message, code, reference, seen, ctx.now(), rules, chance)

    return adoption(ctx, receipts, adopt)


def _by_subject(ctx: WorkerContext, message: Message, since: datetime) -> Change | None:
    """Return a hold; None if nothing like it was sent since the backup. Raise MailboxUnavailable."""
    query = query_of(message.subject)
    if not query:
        return held_after_restore(message, ctx.now(), "no_query")
    found = (find(mail, message.subject, None) for mail in mails_with(ctx, message.account, query))
    recent = (one for one in found if one and (one.date is None or one.date >= since - CLOCK_TOLERANCE))
    for code in sorted({receipt.code for receipt in recent}):
        unowned = records.owner_of(ctx.store, message.account, code) is None
        if unowned and not names_others(ctx, message, code):
            return held_after_restore(message, ctx.now(), "similar_sent", code=code)
    return None


def _commit(ctx: WorkerContext, change: Change) -> None:
    code = change.after.code
    absent = [ctx.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(ctx.store, Commit([change], absent=absent))
    except (Conflict, KeyExists) as why:
        log.info("message_settled_elsewhere", why=type(why).__name__)  # its lease brings it back
        return
    log.info("message_reconciled", state=str(change.after.state), code=code)
