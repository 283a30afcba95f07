"""How long finished messages are kept: those that were exported go in time, others stay unless the settings say so."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from config.settings import Retention
from pec.instants import to_text
from pec.messages import Message, UnsupportedRecord
from pec.names import ENDS, Queue
from pec.store import records
from pec.store.store import Store, text_list

CHUNK = 500
UNKNOWN_AGAIN = timedelta(days=1)


def forget_at(message: Message, rules: Retention) -> datetime | None:
    """From when it may go; None where it may not: it has not ended, or nobody has exported it as it is now."""
    if message.ended_at is None or not message.ended:
        return None
    exported = message.exported_at is not None and message.exported_at >= message.updated_at
    if not (exported or rules.delete_unexported):
        return None
    return message.ended_at + timedelta(days=rules.messages_days)


def mark_exported(store: Store, messages: Iterable[Message], now: datetime, rules: Retention) -> int:
    """These stand in an export, as they are here. Returns how many were marked: ended, and unchanged since."""
    args: list[str | float] = []
    for message in messages:
        if message.ended and message.ended_at:
            due = message.ended_at + timedelta(days=rules.messages_days)
            args += [message.id, message.version, due.timestamp()]
    return int(store.run("exported", to_text(now), *args)) if args else 0


def forget(store: Store, message_id: str, now: datetime, rules: Retention) -> bool:
    """Deletes one message if it may go. Otherwise nothing but its entry in the schedule changes."""
    try:
        message = records.read(store, message_id)
    except UnsupportedRecord:  # a newer version's: it will know when
        store.set_due(Queue.SWEEP, message_id, (now + UNKNOWN_AGAIN).timestamp())
        return False
    if message is None:
        store.clear_due(Queue.SWEEP, message_id)
        return False
    due = forget_at(message, rules)
    if due is None:
        store.clear_due(Queue.SWEEP, message_id)  # its next export enters it again
        return False
    if due > now:
        store.set_due(Queue.SWEEP, message_id, due.timestamp())
        return False
    return bool(store.run("forget", message_id, message.version))


def overdue(store: Store, now: datetime, rules: Retention) -> list[str]:
    """Where even unexported messages go: the next of those that ended before the retention time."""
    oldest = (now - timedelta(days=rules.messages_days)).timestamp()
    found: list[str] = []
    for state in sorted(ENDS):
        index = store.keys.state(state)
        found += text_list(store.client.zrangebyscore(index, "-inf", oldest, start=0, num=CHUNK))
    return found
