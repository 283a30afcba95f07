"""How many threads of a process one kind of work may hold, so that no kind starves the others."""

import dramatiq
from dramatiq.middleware import Middleware

from pec.names import Queue

THREAD_SHARES: dict[str, float] = {
    Queue.WEBHOOK: 1 / 4,
    Queue.CHECK: 1 / 2,
    Queue.INBOX_SCAN: 1 / 4,
    Queue.LOOKUP: 1 / 4,
    Queue.QUOTA: 1 / 4,
    Queue.SWEEP: 1 / 4,
}


class ThreadLimits(Middleware):
    """Used by the broker, which fetches no hint beyond the limit of its kind, and by the scheduler."""

    def __init__(self) -> None:
        self._threads = 1

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._threads = worker.worker_threads

    def limit(self, queue: str) -> int:
        """Return how many threads the queue's tasks may hold, at least one."""
        return max(1, int(self._threads * THREAD_SHARES.get(queue, 1)))
