"""Whether a mailbox is worth reading by its pages: when many of its messages are young and await receipts.

A message that is left to pages is asked for by itself once it is no longer young, or when the crowd is over: then the
last reading schedules the few that are left. Whoever leaves one to pages puts the mailbox into the schedule with it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pec.backoff import delay
from pec.changes import Change
from pec.inbox import PAGE_SIZE
from pec.messages import Message
from pec.names import Queue
from workers.context import WorkerContext

SCAN_WINDOW = timedelta(minutes=15)  # since it was sent: pages are trusted to show what comes for it
MIN_FOR_SCAN = PAGE_SIZE  # young messages of one mailbox that are worth a page
REMEMBERED = timedelta(minutes=2)  # that a mailbox was crowded; in vain, it costs one reading
FORBIDDEN = timedelta(minutes=15)  # until pages are asked for again that the token may not read
Command = Sequence[str | float]


def defer_to_scan(ctx: WorkerContext, message: Message) -> bool:
    """Whether a due check can wait, because pages will show what comes for it. Then both are scheduled."""
    now, until = ctx.now(), _trusted_until(ctx, message)
    if message.ended or now >= until:
        return False
    asked = (_since(now), MIN_FOR_SCAN, now.timestamp(), message.id, until.timestamp())
    return _seen(ctx, message.account, crowded=bool(ctx.store.run("defer_to_scan", message.account, *asked)))


def scan_entry(ctx: WorkerContext, account: str) -> list[Command]:
    """Of a mailbox known as crowded: for the commit of a message that is left to pages, so that they are read."""
    now = ctx.now()
    if ctx.busy_until.get(account, 0.0) < now.timestamp():
        return []
    at = now + delay(ctx.settings.receipts.backoff_seconds, 0, ctx.chance())
    return [["ZADD", ctx.store.keys.due(Queue.INBOX_SCAN), "NX", at.timestamp(), account]]


def after_scan_window(ctx: WorkerContext, change: Change) -> Change:
    """Its next check is the one at which pages are no longer trusted."""
    until = _trusted_until(ctx, change.after)
    if change.after.ended or ctx.now() >= until:
        return change
    return replace(change, due={**change.due, Queue.CHECK: until})


def finish_scan(ctx: WorkerContext, account: str, wait_seconds: float, *, forbidden: bool = False) -> None:
    """Schedules the next reading while the mailbox is crowded, else single checks of those that are left.

    `forbidden`: the token may not read pages, so there is no other way than single checks.
    """
    now = ctx.now()
    singly = now + delay(ctx.settings.receipts.backoff_seconds, 0, ctx.chance())
    until = (now + FORBIDDEN).timestamp() if forbidden else ""
    times = (now.timestamp() + wait_seconds, singly.timestamp(), until)
    _seen(
        ctx, account, crowded=bool(ctx.store.run("finish_scan", account, _since(now), MIN_FOR_SCAN, *times))
    )


def _trusted_until(ctx: WorkerContext, message: Message) -> datetime:
    """The last look before a message expires is its own."""
    sent_at = message.sent_at or message.created_at
    return sent_at + min(SCAN_WINDOW, timedelta(seconds=ctx.settings.receipts.deadline_seconds))


def _since(now: datetime) -> float:
    return (now - SCAN_WINDOW).timestamp()


def _seen(ctx: WorkerContext, account: str, *, crowded: bool) -> bool:
    if crowded:
        ctx.busy_until[account] = (ctx.now() + REMEMBERED).timestamp()
    else:
        ctx.busy_until.pop(account, None)
    return crowded
