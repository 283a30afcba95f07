"""Intake: the thread that takes jobs from the stream `pec:jobs`."""

import dramatiq
from dramatiq.middleware import Middleware

from workers.context import WorkerContext
from workers.intake.consumer import Intake as Taker
from workers.middleware.background import Background
from workers.middleware.scheduler import Scheduler


class Intake(Middleware):
    """Every worker process takes jobs: the consumer group gives each to one, and a dead one's to another."""

    def __init__(self, ctx: WorkerContext, worker_id: str, scheduler: Scheduler) -> None:
        taker = Taker(ctx, worker_id, taken=scheduler.wake)
        self._thread = Background("intake", taker.step)

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()
