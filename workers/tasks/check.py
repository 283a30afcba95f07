"""Checking a sent message for receipts: GET /send/{code}, and what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pec.changes import Change
from pec.instants import delay
from pec.messages import Message
from pec.names import Queue
from pec.receipt_transitions import duplicated, receipts_observed
from pec.receipts import Mail, read_all
from pec.store import commits, imap_receipts, records
from pec.store.commits import Commit, Conflict, commit
from pec.store.records import StoredReceipts
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable, mails_of
from workers.mailbox.purge_policy import purge_commands
from workers.mailbox.scan_policy import defer_to_imap, defer_to_scan, scanned_until
from workers.mailbox.search import search
from workers.metrics.minutes import count_receipts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """Mails that the mailbox showed. `other_code`: of an earlier attempt, thought lost, that was sent too."""

    mails: list[Mail]
    other_code: str | None = None
    from_page: bool = False  # of the mailbox, without texts


def check(ctx: WorkerContext, message_id: str) -> None:
    """Check a message, unless IMAP or pages of its mailbox will show its receipts. Schedule the next check."""
    message, stored = records.read_with_receipts(ctx.store, message_id)
    if message is None or message.code is None:
        ctx.store.clear_due(Queue.CHECK, message_id)
    elif not (defer_to_imap(ctx, message, stored) or defer_to_scan(ctx, message)):
        if message.body is None and not message.checks and ctx.imap_server(message.account):
            imap_receipts.seek(ctx.store, message.account, message.code, ctx.now().timestamp())
        check_by_code(ctx, message, stored)


def check_by_code(ctx: WorkerContext, message: Message, stored: StoredReceipts) -> None:
    """Ask for the mails of the message's code, and commit what they show, texts included."""
    with ctx.spans.span(Queue.CHECK, message.traceparent, message=message.id, account=message.account):
        _check_by_code(ctx, message, stored)


def _check_by_code(ctx: WorkerContext, message: Message, stored: StoredReceipts) -> None:
    try:
        mails = mails_of(ctx, message.account, message.code or "", yields=True)
        other_code = _sent_before(ctx, message)
    except NotServed:
        ctx.defer_to_others(Queue.CHECK, message.id)
    except MailboxUnavailable as error:
        _later(ctx, message, error.code)
    else:
        commit_seen(ctx, message, stored, Seen(mails, other_code))


def commit_seen(ctx: WorkerContext, message: Message | None, stored: StoredReceipts, seen: Seen) -> None:
    """Commit what was seen, and decide again if the record changed in between."""
    while message and message.code:
        change = observed(ctx, message, stored, seen)
        if seen.other_code and not message.duplicate:
            change = duplicated(change, seen.other_code)
        try:
            commit(ctx.store, change, *purge_commands(ctx, change))
        except Conflict:
            message, stored = records.read_with_receipts(ctx.store, message.id)
            continue
        _log_state(change)
        return


def commit_page(ctx: WorkerContext, changes: Sequence[tuple[Change, Seen]]) -> None:
    """Commit what a page showed of many messages: a commit for each, all in one round trip."""
    replies = ctx.store.pipeline([commits.call(ctx.store, Commit([change])) for change, _ in changes])
    for (change, shown), reply in zip(changes, replies, strict=True):
        message = change.after
        with ctx.spans.span("receipts", message.traceparent, message=message.id, account=message.account):
            try:
                commits.check(reply)
            except Conflict:
                commit_seen(ctx, *records.read_with_receipts(ctx.store, message.id), shown)
            else:
                _log_state(change)


def _log_state(change: Change) -> None:
    if change.moved:
        count_receipts(change)
        log.info("state_changed", state=str(change.after.state), code=change.after.code)


def observed(ctx: WorkerContext, message: Message, stored: StoredReceipts, seen: Seen) -> Change:
    """Return the change that what was seen makes to the message."""
    receipts, unrecognised = read_all(seen.mails, message.code or "", message.sent_subject)
    unreported = [one for one in unrecognised if one.key not in stored.reported]
    rules, chance = ctx.settings.receipts, ctx.chance()
    until = scanned_until(ctx, message) if seen.from_page else None
    return receipts_observed(message, stored.receipts, receipts, unreported, ctx.now(), rules, chance, until)


def _later(ctx: WorkerContext, message: Message, why: str) -> None:
    wait = delay(ctx.settings.receipts.backoff_seconds, message.checks, ctx.chance())
    log.info("mailbox_unavailable", why=why, again_in_seconds=wait.total_seconds())
    ctx.store.set_due(Queue.CHECK, message.id, (ctx.now() + wait).timestamp())


def _sent_before(ctx: WorkerContext, message: Message) -> str | None:
    """Return the code of an earlier attempt, thought lost, if the mailbox shows that it was sent too."""
    if message.duplicate:
        return None
    for reference in message.lost_references:
        for receipt in search(ctx, message, reference).receipts:
            if receipt.code != message.code:
                return receipt.code
    return None
