"""The actors: one for each queue. Each gets a hint, names it in every log line, and calls a task of `workers.tasks`."""

from collections.abc import Callable
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from pec.messages import UnsupportedRecord
from pec.names import Queue
from workers.context import WorkerContext
from workers.rate_limiter import RateLimiter
from workers.spans import Spans
from workers.tasks.check import check
from workers.tasks.inbox_scan import scan
from workers.tasks.lookup import look_up
from workers.tasks.purge import purge
from workers.tasks.quota import guard_quota
from workers.tasks.release import release
from workers.tasks.send import send
from workers.tasks.sweep import sweep
from workers.tasks.webhook import deliver
from workers.unsupported import skip


def declare(broker: dramatiq.Broker, ctx: WorkerContext, limiter: RateLimiter) -> None:
    """Declare the actor of each queue, under the queue's name."""

    def send_next(token: str, hint: str) -> None:
        permit = limiter.permit()
        message = permit.message
        with ctx.spans.span(Queue.SEND, message.traceparent, message=message.id, account=message.account):
            send(ctx, permit)

    tasks: dict[Queue, Callable[[str], None]] = {
        Queue.RELEASE: lambda message_id: release(ctx, message_id),
        Queue.CHECK: lambda message_id: check(ctx, message_id),
        Queue.INBOX_SCAN: lambda account: scan(ctx, account),
        Queue.ARCHIVE: lambda account: _read_mailbox(ctx, account),
        Queue.LOOKUP: lambda message_id: look_up(ctx, message_id),
        Queue.WEBHOOK: lambda endpoint: deliver(ctx, endpoint),
        Queue.PURGE: lambda account: purge(ctx, account),
        Queue.QUOTA: lambda account: guard_quota(ctx, account),
        Queue.SWEEP: lambda what: sweep(ctx, what),
    }
    _actor(broker, _guarded(ctx, send_next), Queue.SEND, paced=True)
    for queue, task in tasks.items():
        _actor(broker, _guarded(ctx, task), queue, paced=False)


def _read_mailbox(ctx: WorkerContext, account: str) -> None:
    from workers.tasks.archive import read_mailbox  # imported at the start if this process reads mailboxes

    read_mailbox(ctx, account)


def _guarded(ctx: WorkerContext, task: Callable[..., None]) -> Callable[..., None]:
    """Return the task so that it skips a record of a newer version."""

    def run(*args: str) -> None:
        try:
            task(*args)
        except UnsupportedRecord as met:
            skip(ctx.store, met)

    return run


def _actor(broker: dramatiq.Broker, task: Callable[..., None], queue: Queue, *, paced: bool) -> None:
    dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker, paced=paced)(task)


class LogContext(Middleware):
    """The outermost middleware, so that all that is logged in between carries the context."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=message.actor_name, key=str(message.args[0]))

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        structlog.contextvars.clear_contextvars()

    after_skip_message = after_process_message


class ClosingSpans(Middleware):
    """Sends the last spans of a process when its work has ended."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._spans.close()
