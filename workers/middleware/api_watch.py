"""Watches whether this process reaches the API. In doubt it probes: it opens a connection and asks nothing."""

from time import monotonic

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from pec.api.errors import Unreachable
from workers.context import WorkerContext
from workers.middleware.background import Background

EVERY_SECONDS = 0.5
FIRST_AGAIN_SECONDS, MAX_AGAIN_SECONDS = 1.0, 5.0  # between two probes, in seconds
log = structlog.get_logger()


class ApiWatch(Middleware):
    """Runs from boot to shutdown. It wakes the scheduler when the API is reached again."""

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx
        self._again_seconds = FIRST_AGAIN_SECONDS
        self._thread = Background("api", self._step)

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.ask_to_stop()  # a probe under way may last as long as a connection takes to fail

    def _step(self) -> float:
        reach = self._ctx.api_reach
        if reach.is_slow():
            reach.doubt(self._ctx.now())
        if reach.is_good:
            return EVERY_SECONDS
        reach.free_places()
        return self._probe()

    def _probe(self) -> float:
        reach, started = self._ctx.api_reach, monotonic()
        try:
            self._ctx.client.probe()
        except Unreachable as error:
            if reach.lose(error.reason):
                log.error("api_out_of_reach", code=error.code, details=error.details)
            wait, self._again_seconds = self._again_seconds, min(self._again_seconds * 2, MAX_AGAIN_SECONDS)
            return wait
        if reach.find(monotonic() - started):
            log.info("api_in_reach")
        self._again_seconds = FIRST_AGAIN_SECONDS
        self._ctx.became_due.set()
        return EVERY_SECONDS
