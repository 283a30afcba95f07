"""The scheduler: the thread that turns what is due in Redis into hints for actors. Any number run, none leads."""

import math
from collections.abc import Collection
from dataclasses import replace
from typing import cast

import dramatiq
from dramatiq.middleware import Middleware

from pec.names import Queue
from pec.store.clock import DRIFT, local_clock
from pec.store.dispatch import DispatchRequest, HintRules, dispatch
from pec.store.store import unique
from workers.broker import HintBroker
from workers.context import WorkerContext
from workers.middleware.background import Background

REST_SECONDS = 0.75  # until one of the processes alike looks: other processes and people make things due too
MIN_REST_SECONDS = 0.05  # between two steps, whatever happens meanwhile


class Scheduler(Middleware):
    """Hints only for queues that its own process consumes, and no more than it has room for: others take the rest.

    A lost hint comes again when its lease ends. All processes look when a task is due. When the next hint of a token is
    due, the one looks that set the time, if it has a thread for each place on the wire. If that one is dead, stops, or
    has no thread free, the next takes over whose turn it is to look at all.
    """

    _broker: HintBroker

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx
        self._request = DispatchRequest()
        self._one_is_enough = False  # for all hints of its tokens
        self._queues: list[Queue] = []
        # by token that this process attends to, on the local clock
        self._hints_at: dict[str, float] = {}
        self._thread = Background("scheduler", self._step, MIN_REST_SECONDS, ctx.became_due)

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        ctx, chosen = self._ctx, worker.consumer_whitelist
        lease = ctx.settings.lease_seconds
        queues = [queue for queue in Queue if not chosen or queue in chosen]
        request = DispatchRequest(
            endpoints=ctx.settings.webhooks.endpoints,
            tokens=ctx.accounts_by_token() if Queue.SEND in queues else {},
            hints=HintRules.of(ctx.settings.api, lease),
            lease_seconds=lease,
        )
        self.serve(cast(HintBroker, broker), queues, request)
        places = len(request.tokens) * ctx.settings.api.places
        self._one_is_enough = worker.worker_threads >= places
        self._thread.start()

    def serve(self, broker: HintBroker, queues: Collection[Queue], request: DispatchRequest) -> None:
        """Give hints of these queues to the broker from now on. `request` says the rest."""
        self._broker, self._request = broker, request
        self._queues = [queue for queue in queues if queue is not Queue.SEND]

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()

    def after_ack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Wake up: there is room for a hint, and the task may have made others due, or a place on the wire free."""
        self._ctx.became_due.set()

    after_nack = after_ack

    def _step(self) -> float:
        ctx, broker = self._ctx, self._broker
        room = {queue: broker.room(queue) for queue in self._queues if ctx.api_reach.serves(queue)}
        sends = broker.room(Queue.SEND) if ctx.api_reach.is_good else 0
        request = replace(
            self._request,
            queues={queue: left for queue, left in room.items() if left},
            tokens=self._request.tokens if sends else {},
            max_hints=sends,
            others_attend=ctx.alike.count > 1 and self._one_is_enough,
            attends=list(self._hints_at),
        )
        found, now = dispatch(ctx.store, request), local_clock()
        for hint in found.hints:
            self._hint(Queue.SEND, ctx.now().timestamp(), hint.token, hint.number)
        for queue, tasks in found.due.items():
            for due in tasks:
                self._hint(queue, due.at, due.member)
        self._hints_at = {token: at for token, at in self._hints_at.items() if at > now} | {
            token: now + wait * (1 + DRIFT) for token, wait in found.attended.items()
        }
        next_hint = min(self._hints_at.values(), default=math.inf) - now
        return min(found.wait_seconds, next_hint, ctx.alike.seconds_to_turn(ctx.clock.now(), REST_SECONDS))

    def _hint(self, queue: Queue, due_at: float, *args: str) -> None:
        """Give a hint with the time at which it was due (for a send, now), for the metric of lateness."""
        options = {"due_at": due_at}
        # With its own id: Dramatiq asks the kernel for each.
        self._broker.hand_over(dramatiq.Message(queue, queue, args, {}, options, message_id=unique()))
