"""Messages of an account whose mailbox the sandbox keeps, and what is due for them."""

from datetime import timedelta
from typing import Any

from pec.changes import created
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from tests.integration.sandbox.serving import Served
from workers.context import WorkerContext
from workers.mailbox.scan_policy import MIN_FOR_SCAN
from workers.tasks.inbox_scan import scan

ACCOUNT = "acme"


def sent(
    ctx: WorkerContext, served: Served, message_id: str, story: str = "consegna", *recipients: str
) -> Message:
    """A PEC that the sandbox really took, as its record says it after the answer."""
    to = recipients or (f"{story}+{message_id}@pec.example",)
    code = served.code_of_send(list(to) if len(to) > 1 else to[0], subject=f"Avviso {message_id}")
    now = ctx.now()
    message = Message(
        id=message_id, account="acme", recipients=to, subject=f"Avviso {message_id}", state=State.SENT,
        created_at=now, updated_at=now, sent_at=now, code=code, has_reference=False,
    )  # fmt: skip
    return commit(ctx.store, created(message, due={Queue.CHECK: now + timedelta(hours=1)}))


def state(ctx: WorkerContext, message_id: str) -> State:
    found = records.read(ctx.store, message_id)
    assert found
    return found.state


def check_due(ctx: WorkerContext, message_id: str) -> float | None:
    found: Any = ctx.store.client.zscore(ctx.store.keys.due(Queue.CHECK), message_id)
    return None if found is None else float(found)


def scan_due(ctx: WorkerContext) -> float | None:
    found: Any = ctx.store.client.zscore(ctx.store.keys.due(Queue.INBOX_SCAN), ACCOUNT)
    return None if found is None else float(found)


def queued(
    ctx: WorkerContext,
    message_id: str,
    referenced: bool = True,
    to: str = "consegna@pec.example",
    subject: str = "Avviso",
    room: int = 0,
) -> Message:
    now = ctx.now()
    message = Message(
        id=message_id, account="acme", recipients=(to,), subject=subject, state=State.QUEUED,
        created_at=now, updated_at=now, has_reference=referenced, room=room,
    )  # fmt: skip
    return commit(ctx.store, enqueued(message, now))


def read(ctx: WorkerContext, message: Message) -> Message:
    found = records.read(ctx.store, message.id)
    assert found
    return found


def scan_busy_mailbox(ctx: WorkerContext, served: Served) -> None:
    for number in range(MIN_FOR_SCAN):
        sent(ctx, served, f"busy-{number}", "silenzio")
    scan(ctx, ACCOUNT)
