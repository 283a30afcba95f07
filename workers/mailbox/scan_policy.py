"""When the receipts of recent sends are read from pages of their mailbox instead of by a check of each message.

Pages are worth reading while many messages of one mailbox, sent within SCAN_WINDOW, await receipts: the mailbox is
busy, and stays so until few are left. A message that waits for pages is checked once its window is over, or soon after
the mailbox is no longer busy. Whatever makes a message wait for pages also schedules a scan of its mailbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pec.inbox import PAGE_SIZE
from pec.instants import delay
from pec.messages import Message
from pec.names import Queue
from pec.store.records import StoredReceipts
from workers.context import WorkerContext

SCAN_WINDOW = timedelta(minutes=15)  # since the send: pages are trusted to show what comes for it
MIN_FOR_SCAN = PAGE_SIZE  # recent messages of one mailbox that are worth a page
MIN_TO_GO_ON = 5  # that are worth a further one, in place of a check each
REMEMBERED = timedelta(minutes=2)  # that a mailbox was busy; in vain, it costs one scan
FORBIDDEN = timedelta(minutes=15)  # between two tries to read pages that the token may not read
Command = Sequence[str | float]


@dataclass(frozen=True, slots=True)
class FirstCheck:
    """When a message that was just sent is checked first, and the commands that schedule a scan before that."""

    at: datetime
    commands: Sequence[Command] = ()


def first_check(ctx: WorkerContext, account: str) -> FirstCheck:
    """Return the first check of a message sent now: soon, or at the end of its window in a busy mailbox."""
    now = ctx.now()
    if ctx.imap_watch.is_fresh(account, now):
        return FirstCheck(now + watch_window(ctx))
    soon = now + delay(ctx.settings.receipts.backoff_seconds, 0, ctx.chance())
    if not ctx.busy_mailboxes.is_busy(account, now):
        return FirstCheck(soon)
    scan: Command = ["ZADD", ctx.store.keys.due(Queue.INBOX_SCAN), "NX", soon.timestamp(), account]
    return FirstCheck(now + _window(ctx), [scan])


def watch_window(ctx: WorkerContext) -> timedelta:
    """Return how long after a send IMAP alone is trusted to show its receipts."""
    rules = ctx.settings.receipts
    return timedelta(seconds=min(rules.late_acceptance_seconds, rules.deadline_seconds))


def watched_until(ctx: WorkerContext, message: Message) -> datetime:
    """Return until when IMAP alone is trusted to show the message's receipts."""
    return (message.sent_at or message.created_at) + watch_window(ctx)


def defer_to_imap(ctx: WorkerContext, message: Message, stored: StoredReceipts) -> bool:
    """Return whether a due check can wait, because IMAP shows the receipts. Then schedule it for later.

    The API is asked about a message with a mail that proves nothing, or with an earlier attempt that was perhaps sent.
    So it is about a PEC that another program sent: its receipts may have been read before it was followed.
    """
    now, until = ctx.now(), watched_until(ctx, message)
    asks = stored.reported or message.body is None or (message.lost_references and not message.duplicate)
    if asks or now >= until or not ctx.imap_watch.is_fresh(message.account, now):
        return False
    ctx.store.set_due(Queue.CHECK, message.id, until.timestamp())
    return True


def scanned_until(ctx: WorkerContext, message: Message) -> datetime:
    """Return until when pages are trusted to show the message's receipts: the check before it expires is its own."""
    return (message.sent_at or message.created_at) + _window(ctx)


def defer_to_scan(ctx: WorkerContext, message: Message) -> bool:
    """Return whether a due check can wait, because pages will show the receipts. Then schedule both."""
    now, until = ctx.now(), scanned_until(ctx, message)
    if message.ended or now >= until:
        return False
    asked = (_window_begins(now), MIN_FOR_SCAN, now.timestamp(), message.id, until.timestamp())
    busy = bool(ctx.store.run("defer_to_scan", message.account, *asked))
    _remember(ctx, message.account, busy=busy)
    return busy


def finish_scan(ctx: WorkerContext, account: str, wait_seconds: float, *, forbidden: bool = False) -> None:
    """Schedule the next scan while the mailbox is busy, else a check of each message that waits for pages.

    `forbidden`: the token may not read pages, so checks are the only way.
    """
    now = ctx.now()
    check_at = now + delay(ctx.settings.receipts.backoff_seconds, 0, ctx.chance())
    until = (now + FORBIDDEN).timestamp() if forbidden else ""
    times = (now.timestamp() + wait_seconds, check_at.timestamp(), until)
    busy = bool(ctx.store.run("finish_scan", account, _window_begins(now), MIN_TO_GO_ON, *times))
    _remember(ctx, account, busy=busy)


def _window(ctx: WorkerContext) -> timedelta:
    return min(SCAN_WINDOW, timedelta(seconds=ctx.settings.receipts.deadline_seconds))


def _window_begins(now: datetime) -> float:
    return (now - SCAN_WINDOW).timestamp()


def _remember(ctx: WorkerContext, account: str, *, busy: bool) -> None:
    if busy:
        ctx.busy_mailboxes.add(account, ctx.now() + REMEMBERED)
    else:
        ctx.busy_mailboxes.remove(account)
