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
from workers.kit import Kit

YOUNG = timedelta(minutes=15)  # since it was sent: pages are trusted to show what comes for it
CROWD = PAGE_SIZE  # young messages of one mailbox that are worth a page
REMEMBERED = timedelta(minutes=2)  # that a mailbox was crowded; in vain, it costs one reading
FORBIDDEN = timedelta(minutes=15)  # until pages are asked for again that the token may not read
_OLD_ENTRY = "@"  # no message's id begins so
Command = Sequence[str | float]


def hand_over(kit: Kit, entry: str) -> bool:
    """Return whether an entry of the schedule of checks is a mailbox, as versions before 29 November 2026 put it there.

    Then it goes into the schedule of scans.
    """
    if not entry.startswith(_OLD_ENTRY):
        return False
    kit.store.set_due(Queue.INBOX_SCAN, entry.removeprefix(_OLD_ENTRY), kit.now().timestamp())
    kit.store.clear_due(Queue.CHECK, entry)
    return True


def left_to_pages(kit: Kit, message: Message) -> bool:
    """Whether a due check can wait, because pages will show what comes for it. Then both are scheduled."""
    now, until = kit.now(), _trusted_until(kit, message)
    if message.ended or now >= until:
        return False
    asked = (_since(now), CROWD, now.timestamp(), message.id, until.timestamp())
    return _seen(kit, message.account, crowded=bool(kit.store.run("leave_to_pages", message.account, *asked)))


def reading_of(kit: Kit, account: str) -> list[Command]:
    """Of a mailbox known as crowded: for the commit of a message that is left to pages, so that they are read."""
    now = kit.now()
    if kit.crowded_until.get(account, 0.0) < now.timestamp():
        return []
    at = now + delay(kit.settings.receipts.backoff, 0, kit.chance())
    return [["ZADD", kit.store.keys.due(Queue.INBOX_SCAN), "NX", at.timestamp(), account]]


def until_pages_tell(kit: Kit, change: Change) -> Change:
    """Its next check is the one at which pages are no longer trusted."""
    until = _trusted_until(kit, change.after)
    if change.after.ended or kit.now() >= until:
        return change
    return replace(change, due={**change.due, Queue.CHECK: until})


def end_reading(kit: Kit, account: str, wait_seconds: float, *, forbidden: bool = False) -> None:
    """Schedules the next reading while the mailbox is crowded, else single checks of those that are left.

    `forbidden`: the token may not read pages, so there is no other way than single checks.
    """
    now = kit.now()
    singly = now + delay(kit.settings.receipts.backoff, 0, kit.chance())
    until = (now + FORBIDDEN).timestamp() if forbidden else ""
    times = (now.timestamp() + wait_seconds, singly.timestamp(), until)
    _seen(kit, account, crowded=bool(kit.store.run("end_reading", account, _since(now), CROWD, *times)))


def _trusted_until(kit: Kit, message: Message) -> datetime:
    """The last look before a message expires is its own."""
    sent_at = message.sent_at or message.created_at
    return sent_at + min(YOUNG, timedelta(seconds=kit.settings.receipts.deadline))


def _since(now: datetime) -> float:
    return (now - YOUNG).timestamp()


def _seen(kit: Kit, account: str, *, crowded: bool) -> bool:
    if crowded:
        kit.crowded_until[account] = (kit.now() + REMEMBERED).timestamp()
    else:
        kit.crowded_until.pop(account, None)
    return crowded
