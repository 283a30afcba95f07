"""The scheduler: the thread that turns what is due in Redis into hints for actors. Any number run, none leads."""

from dataclasses import replace
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from pec.names import Queue
from pec.store.dispatch import DispatchRequest, HintRules, dispatch
from workers.broker import ThreadLimits
from workers.context import WorkerContext
from workers.middleware.background import Background

REST_SECONDS = 1.0  # at most, half of that at least: other processes and people make things due too
MIN_REST_SECONDS = 0.05  # between two steps, whatever happens meanwhile
MAX_OUTSTANDING = 100  # hints of one queue that wait in Dramatiq, beside those that processes hold
MAX_AT_ONCE = 4  # hints in one step for each thread that the kind may hold: other processes may take the rest


class Scheduler(Middleware):
    """Hints only for queues that its own process consumes. A lost hint comes again when its lease ends."""

    def __init__(self, ctx: WorkerContext, limits: ThreadLimits) -> None:
        self._ctx = ctx
        self._limits = limits
        self._request = DispatchRequest()
        self._room: dict[Queue, int] = {}
        self._thread = Background("scheduler", self._step, MIN_REST_SECONDS)

    def wake(self) -> None:
        """Take a step now, because a task became due."""
        self._thread.wake()

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._broker = broker
        ctx, chosen = self._ctx, worker.consumer_whitelist
        lease = ctx.settings.lease_seconds
        queues = [queue for queue in Queue if not chosen or queue in chosen]
        self._request = DispatchRequest(
            endpoints=ctx.settings.webhooks.endpoints,
            tokens=ctx.accounts_by_token() if Queue.SEND in queues else {},
            hints=HintRules.of(ctx.settings.api, lease),
            lease_seconds=lease,
        )
        self._room = dict.fromkeys((queue for queue in queues if queue is not Queue.SEND), 0)
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()

    def after_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy, **_: Any
    ) -> None:
        """Wake up: the commit of a task may have made a webhook due, or a place on the wire free."""
        if message.queue_name != Queue.WEBHOOK:
            self.wake()

    def _step(self) -> float:
        ctx = self._ctx
        served = [queue for queue in self._room if ctx.api_reach.serves(queue)]
        limit = {queue: limit for queue in served if (limit := self._room_for(queue))}
        tokens = self._request.tokens if ctx.api_reach.is_good else {}
        found = dispatch(ctx.store, replace(self._request, queues=limit, tokens=tokens))
        room = self._room
        self._room = dict.fromkeys(room, 0)  # if Dramatiq fails now, it is asked first next time
        for hint in found.hints:
            self._hint(Queue.SEND, ctx.now().timestamp(), hint.token, hint.number)
        for queue, tasks in found.due.items():
            for due in tasks:
                self._hint(queue, due.at, due.member)
        self._room = {queue: left - len(found.due.get(queue, ())) for queue, left in room.items()}
        return min(found.wait_seconds, REST_SECONDS * (1 + ctx.chance()) / 2)

    def _room_for(self, queue: Queue) -> int:
        """Return how many hints the queue has room for. Ask Dramatiq only when the queue may be full."""
        limit = min(MAX_AT_ONCE * self._limits.limit(queue), MAX_OUTSTANDING // 2)
        if self._room[queue] < limit:
            waiting = self._broker.waiting(queue)  # type: ignore[attr-defined]  # it is a HintBroker
            self._room[queue] = MAX_OUTSTANDING - waiting
        return max(0, min(limit, self._room[queue]))

    def _hint(self, queue: Queue, due_at: float, *args: str) -> None:
        """Give a hint with the time at which it was due (for a send, now), for the metric of lateness."""
        self._broker.get_actor(queue).send_with_options(args=args, due_at=due_at)
