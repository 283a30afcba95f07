"""Telemetry: how late deeds start and what becomes of them, and the process that shows the metrics."""

import os
from collections.abc import Callable
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from workers import metrics, telemetry
from workers.kit import Kit

log = structlog.get_logger()


class Telemetry(Middleware):
    """Only deeds that start are late; those that there was no turn for are counted apart."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @property
    def forks(self) -> list[Callable[[], int]]:
        """Dramatiq's master starts it once, by its name, whatever the number of workers."""
        return [metrics.serve] if self._kit.settings.metrics_address and metrics.FOLDER in os.environ else []

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        telemetry.start_at_zero()
        if self._kit.settings.metrics_address and metrics.FOLDER not in os.environ:
            remedy = f"start with `pec worker`, or set {metrics.FOLDER} to an empty folder"
            log.warning("metrics_not_served", remedy=remedy)

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        due_at = message.options.get("due_at")
        if due_at is not None:
            late = max(0.0, self._kit.now().timestamp() - due_at)
            telemetry.LATENESS.labels(message.queue_name).observe(late)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        telemetry.DEEDS.labels(message.queue_name, "failed" if exception else "done").inc()

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        telemetry.DEEDS.labels(message.queue_name, "given_back").inc()
