"""Put queued messages whose time has come into their lane, or expire them; also those that a dead worker had picked.

An entry that names a batch puts back what the batch had parked while it was paused.
"""

from pec.changes import Change, changed
from pec.messages import Message
from pec.names import Queue, State
from pec.store import batches, records
from pec.store.commits import update
from pec.transitions import expired_in_queue, placement
from workers.context import WorkerContext


def release(ctx: WorkerContext, member: str) -> None:
    """Put one message, or all that a resumed batch had parked, into line."""
    if member.startswith(batches.RELEASE_PREFIX):
        batches.unpark(ctx.store, member.removeprefix(batches.RELEASE_PREFIX))
    else:
        _release(ctx, member)


def _release(ctx: WorkerContext, message_id: str) -> None:
    """Place or expire one message. If it is queued no longer, only clear its entry."""
    message = update(
        ctx.store, lambda: records.read(ctx.store, message_id), lambda found: _change(ctx, found)
    )
    if message is None or message.state is not State.QUEUED:
        ctx.store.clear_due(Queue.RELEASE, message_id)


def _change(ctx: WorkerContext, message: Message) -> Change | None:
    if message.state is not State.QUEUED:
        return None
    now = ctx.now()
    if expired := expired_in_queue(message, now):
        return expired
    due, lane = placement(message, now)
    return changed(message, now, {}, due=due, lane=lane)
