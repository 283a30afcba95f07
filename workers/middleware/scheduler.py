"""Scheduler: the thread that turns what is due in Redis into hints for actors. Any number run, none leads."""

import dramatiq
from dramatiq.middleware import Middleware

from config.settings import Api
from pec.names import Queue
from pec.store import outbox, pace, schedule
from workers.kit import Kit
from workers.middleware.background import Background

REST_SECONDS = 0.1
LEAD_SECONDS = 0.5  # dispatch takes so long, from hint to a thread that is ready to send
HINT_LEASE_INTERVALS = 3  # beyond the lead: a hint that died with its process holds its token up no longer
HINT_LEASE_LEAST_SECONDS = 1.5  # so that a busy process is not overrun with hints
MOST_OUTSTANDING = 100  # hints of one queue that wait in Dramatiq


class Scheduler(Middleware):
    """Hints only for queues that its own process consumes. A lost hint comes again when its lease ends."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._queues: list[Queue] = []
        self._thread = Background("scheduler", self._step)

    def wake(self) -> None:
        """Something became due just now."""
        self._thread.wake()

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._broker = broker
        self._queues = [
            queue for queue in Queue if not worker.consumer_whitelist or queue in worker.consumer_whitelist
        ]
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()

    def _step(self) -> float:
        kit = self._kit
        if Queue.SEND in self._queues:
            api, lease = kit.settings.api, hint_lease_seconds(kit.settings.api)
            for hint in pace.hints(kit.store, kit.accounts_by_token(), api, lease, LEAD_SECONDS):
                self._hint(Queue.SEND, kit.now().timestamp(), hint.token, hint.number)
        outbox.feed(kit.store, kit.settings.webhooks.endpoints)
        room = {queue: self._room(queue) for queue in self._queues if queue is not Queue.SEND}
        for queue, deeds in schedule.take_due(kit.store, room, kit.settings.lease).items():
            for due in deeds:
                self._hint(queue, due.at, due.member)
        return REST_SECONDS

    def _room(self, queue: Queue) -> int:
        waiting = int(self._broker.do_qsize(queue))  # type: ignore[attr-defined]  # RedisBroker makes it on demand
        return max(0, MOST_OUTSTANDING - waiting)

    def _hint(self, queue: Queue, due_at: float, *args: str) -> None:
        """With the time at which it was due (a send's: at which its hint is given), for the figure of lateness."""
        self._broker.get_actor(queue).send_with_options(args=args, due_at=due_at)


def hint_lease_seconds(api: Api) -> float:
    """How long a hint may be on its way before another is given in its place."""
    return max(HINT_LEASE_LEAST_SECONDS, LEAD_SECONDS + HINT_LEASE_INTERVALS * pace.interval_seconds(api))
