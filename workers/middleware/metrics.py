"""Metrics of tasks: how late they start and how they end, and the process that serves all metrics."""

import os
from collections.abc import Callable
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from workers.context import WorkerContext
from workers.metrics import counters, server

log = structlog.get_logger()


class Metrics(Middleware):
    """Only tasks that start are late; those that were skipped are counted apart."""

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx

    @property
    def forks(self) -> list[Callable[[], int]]:
        """Return the server's process, which Dramatiq's master starts once, whatever the number of workers."""
        return [server.serve] if self._ctx.settings.metrics_address and server.FOLDER in os.environ else []

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        counters.start_at_zero()
        if self._ctx.settings.metrics_address and server.FOLDER not in os.environ:
            remedy = f"start with `pec worker`, or set {server.FOLDER} to an empty folder"
            log.warning("metrics_not_served", remedy=remedy)

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        due_at = message.options.get("due_at")
        if due_at is not None:
            late = max(0.0, self._ctx.now().timestamp() - due_at)
            counters.LATENESS.labels(message.queue_name).observe(late)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        counters.TASKS.labels(message.queue_name, "failed" if exception else "done").inc()

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        counters.TASKS.labels(message.queue_name, "message_given_back").inc()
