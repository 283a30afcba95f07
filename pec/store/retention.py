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
UNSUPPORTED_AGAIN = timedelta(days=1)


def forget_at(message: Message, rules: Retention) -> datetime | None:
    """Return when the message may be deleted, or None if it has not ended or its current version was never exported."""
    if message.ended_at is None or not message.ended:
        return None
    exported = message.exported_at is not None and message.exported_at >= message.updated_at
    if not (exported or rules.delete_unexported):
        return None
    return message.ended_at + timedelta(days=rules.messages_days)


def mark_exported(store: Store, messages: Iterable[Message], now: datetime, rules: Retention) -> int:
    """Mark these messages as exported. Return how many were: those that have ended and are unchanged since."""
    args: list[str | float] = []
    for message in messages:
        if message.ended and message.ended_at:
            due = message.ended_at + timedelta(days=rules.messages_days)
            args += [message.id, message.version, due.timestamp()]
    return int(store.run("exported", to_text(now), *args)) if args else 0


def forget(store: Store, message_id: str, now: datetime, rules: Retention) -> bool:
    """Delete a message if it may go, else only correct its entry in the schedule. Return whether it was deleted."""
    try:
        message = records.read(store, message_id)
    except UnsupportedRecord:  # a newer version knows when
        store.set_due(Queue.SWEEP, message_id, (now + UNSUPPORTED_AGAIN).timestamp())
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
    """Return the next messages that ended before the retention time, exported or not."""
    oldest = (now - timedelta(days=rules.messages_days)).timestamp()
    found: list[str] = []
    for state in sorted(ENDS):
        index = store.keys.state(state)
        found += text_list(store.client.zrangebyscore(index, "-inf", oldest, start=0, num=CHUNK))
    return found
