"""Whether a mailbox is worth reading by its pages: when many of its messages are young and await receipts."""

from datetime import datetime, timedelta

from pec.inbox import PAGE_SIZE
from pec.messages import Message
from pec.names import Queue
from workers.kit import Kit

YOUNG = timedelta(minutes=15)  # since it was sent: pages are trusted to show what comes for it
CROWD = PAGE_SIZE  # young messages of one mailbox that are worth a page
_ENTRY = "@"  # no message's id begins so


def entry_of(account: str) -> str:
    """A mailbox in the schedule of checks."""
    return _ENTRY + account


def account_in(entry: str) -> str | None:
    """The mailbox that an entry of the schedule of checks names; None where it is a message's id."""
    return entry.removeprefix(_ENTRY) if entry.startswith(_ENTRY) else None


def is_crowded(kit: Kit, account: str, now: datetime) -> bool:
    since = (now - YOUNG).timestamp()
    return int(kit.store.client.zcount(kit.store.keys.awaiting(account), since, "+inf")) >= CROWD


def left_to_pages(kit: Kit, message: Message) -> bool:
    """Whether a due check can wait, because pages will show what comes for it. Then both are scheduled."""
    now, sent_at = kit.now(), message.sent_at or message.created_at
    deadline = sent_at + timedelta(seconds=kit.settings.receipts.deadline)
    if message.ended or now - sent_at > YOUNG or now >= deadline or not is_crowded(kit, message.account, now):
        return False
    wait = max(timedelta(seconds=kit.settings.receipts.page_interval), now - sent_at)
    due = kit.store.keys.due(Queue.CHECK)
    kit.store.client.zadd(due, {entry_of(message.account): now.timestamp()}, nx=True)
    kit.store.set_due(Queue.CHECK, message.id, min(now + wait, deadline).timestamp())
    return True
