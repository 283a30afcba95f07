"""Queued messages whose time has come: into their lane, or expired. Also those that a dead worker had picked.

An entry that names a batch brings back what the batch had parked while it was paused.
"""

from pec.changes import Change, changed
from pec.messages import Message
from pec.names import Queue, State
from pec.store import batches, records
from pec.store.commits import decide
from pec.transitions import overdue, waiting
from workers.kit import Kit


def release(kit: Kit, member: str) -> None:
    """Put one message, or all that a resumed batch had parked, into line."""
    if member.startswith(batches.RELEASE_PREFIX):
        batches.unpark(kit.store, member.removeprefix(batches.RELEASE_PREFIX))
    else:
        _release(kit, member)


def _release(kit: Kit, message_id: str) -> None:
    """Does nothing but clear the entry where the message is queued no longer."""
    message = decide(
        kit.store, lambda: records.read(kit.store, message_id), lambda found: _change(kit, found)
    )
    if message is None or message.state is not State.QUEUED:
        kit.store.clear_due(Queue.RELEASE, message_id)


def _change(kit: Kit, message: Message) -> Change | None:
    if message.state is not State.QUEUED:
        return None
    now = kit.now()
    if expired := overdue(message, now):
        return expired
    due, lane = waiting(message, now)
    return changed(message, now, {}, due=due, lane=lane)
