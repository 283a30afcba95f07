"""After a restore: what may have been sent since the backup is looked for in its mailbox before it is sent.

The backup has not seen the attempt, but its reference is made of the message's id, so it is known all the same. Where
the subject carries none, another PEC can be alike in all that receipts tell: then an operator must look.
"""

from datetime import datetime

import structlog

from pec.changes import Change
from pec.messages import Message, Reason
from pec.receipts import Receipt, find
from pec.references import reference_of
from pec.store import records
from pec.store.commits import Commit, Conflict, KeyExists, apply
from pec.transitions import UNREADABLE_RETRY_SECONDS, adopted_after_restore, held_after_restore, requeued
from workers.context import WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.search import CLOCK_TOLERANCE, TOO_MANY_MAILS, mails_with, names_others, query_of, search
from workers.tasks.check import mails_of, read_mails
from workers.tasks.lookup import has_room

LATER_ATTEMPTS = 2  # since the backup: one, and one that an operator asked for after it
log = structlog.get_logger()


def settled_before_sending(ctx: WorkerContext, message: Message, since: datetime) -> bool:
    """Whether the message is not to be sent now: found as sent, held for an operator, or the mailbox can't be read.

    Raises NotServed.
    """
    try:
        change = _by_reference(ctx, message) if message.has_reference else _by_subject(ctx, message, since)
        if change is None and not has_room(ctx, message.account):
            raise MailboxUnavailable("mailbox_full")
    except MailboxUnavailable as error:
        change = _unread(ctx, message, error)
    if change is None:
        return False
    _keep(ctx, change)
    return True


def _unread(ctx: WorkerContext, message: Message, error: MailboxUnavailable) -> Change:
    """Later it may be read; of too many mails there will be no fewer: an operator must look."""
    if error.code == TOO_MANY_MAILS:
        return held_after_restore(
            message, ctx.now(), "its mailbox has more mails of this subject than can be read"
        )
    reason = Reason("mailbox_unavailable", f"its mailbox can't be searched before it is sent: {error.code}")
    return requeued(message, ctx.now(), reason, UNREADABLE_RETRY_SECONDS, ctx.chance())


def _by_reference(ctx: WorkerContext, message: Message) -> Change | None:
    """None where the mailbox proves that it was not sent. Raises Unreadable."""
    made = len(message.lost_references)
    for number in range(made, made + LATER_ATTEMPTS):
        reference = reference_of(ctx.store.keys.namespace, message.id, number)
        receipts = search(ctx, message, reference)
        if receipts:
            return _adoption(ctx, message, reference, receipts)
    return None


def _adoption(ctx: WorkerContext, message: Message, reference: str, receipts: list[Receipt]) -> Change:
    """Under the code that the receipts tell, with their texts."""
    code = receipts[0].code
    rules, chance = ctx.settings.receipts, ctx.chance()
    found = adopted_after_restore(message, code, reference, receipts, ctx.now(), rules, chance)
    with_texts, _ = read_mails(found.after.sent_subject, code, mails_of(ctx, message.account, code))
    return adopted_after_restore(message, code, reference, [*receipts, *with_texts], ctx.now(), rules, chance)


def _by_subject(ctx: WorkerContext, message: Message, since: datetime) -> Change | None:
    """None where nothing alike was sent since the backup. Raises Unreadable."""
    query = query_of(message.subject)
    if not query:
        return held_after_restore(message, ctx.now(), "its subject has nothing to search for")
    found = (find(mail, message.subject, None) for mail in mails_with(ctx, message.account, query))
    recent = (one for one in found if one and (one.date is None or one.date >= since - CLOCK_TOLERANCE))
    for code in sorted({receipt.code for receipt in recent}):
        mine = records.owner_of(ctx.store, message.account, code) is None
        if mine and not names_others(ctx, message, code):
            return held_after_restore(message, ctx.now(), f"one alike was sent: {code}")
    return None


def _keep(ctx: WorkerContext, change: Change) -> None:
    code = change.after.code
    absent = [ctx.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(ctx.store, Commit([change], absent=absent))
    except (Conflict, KeyExists) as why:
        log.info("message_settled_elsewhere", why=type(why).__name__)  # its lease brings it back
        return
    log.info("reconciled", state=str(change.after.state), code=code)
