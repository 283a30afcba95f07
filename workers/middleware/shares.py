"""Shares: how many threads of a process one kind of work may hold, so that none starves the others."""

import threading
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware, SkipMessage

from pec.names import Queue
from workers.kit import Kit

SHARE_OF_THREADS = {
    Queue.WEBHOOK: 1 / 4,
    Queue.CHECK: 1 / 2,
    Queue.LOOKUP: 1 / 4,
    Queue.QUOTA: 1 / 4,
    Queue.SWEEP: 1 / 4,
}
AGAIN_SECONDS = 0.25
log = structlog.get_logger()


class Shares(Middleware):
    """A hint beyond its kind's share is given back, and comes again a moment later."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._free: dict[str, threading.BoundedSemaphore] = {}
        self._mine = threading.local()

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        for queue, share in SHARE_OF_THREADS.items():
            threads = max(1, int(worker.worker_threads * share))
            self._free[queue] = threading.BoundedSemaphore(threads)

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        free = self._free.get(message.queue_name)
        if free is None:
            return
        if free.acquire(blocking=False):
            self._mine.held = free
            return
        try:
            self._kit.store.set_due(
                Queue(message.queue_name), str(message.args[0]), self._kit.now().timestamp() + AGAIN_SECONDS
            )
        except redis.RedisError as error:  # its lease brings it back
            log.warning("redis_is_away", error=type(error).__name__)
        raise SkipMessage

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        held: threading.BoundedSemaphore | None = self._mine.__dict__.pop("held", None)
        if held:
            held.release()

    after_skip_message = after_process_message
