"""The broker of hints: Dramatiq's on Redis, which only carries hints from one process to another.

A process hands its own hints to its threads in memory, and takes no more of each kind than it can run.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dramatiq
import redis
from dramatiq.broker import Consumer
from dramatiq.brokers import redis as dramatiq_redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from config.redis_connection import REDIS_ERRORS
from pec.names import Queue

LOST_SECONDS = 60.0  # after which a consumer at rest looks again for hints whose fetching lost its reply
AT_ONCE = 0  # milliseconds: HintConsumer waits, not Dramatiq's consumer, which would poll
THREAD_SHARES: dict[str, float] = {  # of a process, so that no kind of work starves the others
    Queue.WEBHOOK: 1 / 4,
    Queue.CHECK: 1 / 2,
    Queue.INBOX_SCAN: 1 / 4,
    Queue.ARCHIVE: 1 / 4,
    Queue.LOOKUP: 1 / 4,
    Queue.PURGE: 1 / 4,
    Queue.QUOTA: 1 / 4,
    Queue.SWEEP: 1 / 4,
}


_SCANS = 'local ack_queues = redis.call("keys", dead_worker_acks .. "*")'
_AT_MAXMEMORY = "#!lua flags=allow-oom\n"
_ASKS = "local ack_queues = {{}} if redis.call('exists', {names}) > 0 then ack_queues = {{1}} end"


def bounded(script: str) -> str:
    """Return Dramatiq's script so that it looks only for keys of ours, and runs also at maxmemory.

    So Dramatiq may share a database with millions of messages, and tasks that free memory go on when it is full. Raise
    RuntimeError if its script has changed.
    """
    names = ", ".join(f"dead_worker_acks .. '.{queue}'" for queue in Queue)
    if script.count(_SCANS) != 1:
        raise RuntimeError(
            "this version of Dramatiq has another script: install what requirements-run.lock says"
        )
    return _AT_MAXMEMORY + script.replace(_SCANS, _ASKS.format(names=names))


class ThreadLimits(Middleware):
    """How many threads of this process one kind of work may hold."""

    def __init__(self) -> None:
        self._threads = 1

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._threads = worker.worker_threads

    def limit(self, queue: str) -> int:
        """Return how many threads the queue's tasks may hold, at least one."""
        return max(1, int(self._threads * THREAD_SHARES.get(queue, 1)))


class HintBroker(RedisBroker):
    """`limit` returns how many messages of a queue this process may hold: as many as it has threads for the kind.

    `serves` returns whether it takes any of a queue now.
    """

    def __init__(self, limit: Callable[[str], int], serves: Callable[[str], bool], **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # Dramatiq types its surface only
        script = bounded(dramatiq_redis._scripts["dispatch"].decode())
        self.scripts["dispatch"] = self.client.register_script(script)
        self._limit = limit
        self._serves = serves
        self._hands: defaultdict[str, Hand] = defaultdict(Hand)  # survive a consumer that lost Redis
        self._consumers: dict[str, HintConsumer] = {}

    def get_declared_delay_queues(self) -> set[str]:
        """Return none: tasks that wait, wait in the schedule."""
        return set()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        limit = self._limit(queue_name)
        fetching = super().consume(queue_name, prefetch=limit, timeout=AT_ONCE)
        found = HintConsumer(
            fetching,
            self._hands[queue_name],
            limit,
            partial(self._serves, queue_name),
            timeout / 1000,
            partial(self._return_lost, queue_name),
            self.enqueue,
        )
        self._consumers[queue_name] = found
        return found

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        enqueued: dramatiq.Message[Any] = super().enqueue(message, delay=delay)
        if consumer := self._consumers.get(message.queue_name):
            consumer.look()
        return enqueued

    def room(self, queue: str) -> int:
        """Return how many hints of a queue this process has room for: none before it consumes the queue.

        As many tasks as may run can wait beside them, so that a thread that ends one finds the next. No send waits so:
        another process may have a thread that is free.
        """
        if queue not in self._consumers:
            return 0
        places = self._limit(queue) * (1 if queue == Queue.SEND else 2)
        return max(0, places - self._hands[queue].count())

    def hand_over(self, message: dramatiq.Message[Any]) -> None:
        """Give a hint to a thread of this process, with no command of Redis.

        It is lost with the process, as one that was fetched is: the schedule has the task when the lease ends.
        """
        self._hands[message.queue_name].waiting.append(message)
        self._consumers[message.queue_name].wake()

    def _return_lost(self, queue: str) -> bool:
        """Put back what this process has fetched and does not hold. Called by the thread that fetches."""
        fetched: Any = self.client.smembers(f"{self.namespace}:__acks__.{self.broker_id}.{queue}")
        if lost := {one.decode() for one in fetched} - self._hands[queue].held:
            self.do_requeue(queue, *lost)
        return bool(lost)


@dataclass(slots=True)
class Hand:
    """The hints of one queue that this process has: held by threads or on their way there, and waiting for one."""

    held: set[str] = field(default_factory=set)
    waiting: deque[dramatiq.Message[Any]] = field(default_factory=deque)  # handed over

    def count(self) -> int:
        return len(self.held) + len(self.waiting)


class HintConsumer(Consumer):
    """Holds up to `limit` messages: those handed over first, then those that other processes gave back.

    It looks for the latter at intervals.
    """

    def __init__(
        self,
        fetching: Consumer,
        hand: Hand,
        limit: int,
        serves: Callable[[], bool],
        rest_seconds: float,
        return_lost: Callable[[], bool],
        enqueue: Callable[[dramatiq.Message[Any]], object],
    ) -> None:
        self._fetching = fetching
        self._hand = hand
        self._limit = limit
        self._serves = serves
        self._rest_seconds = rest_seconds
        self._return_lost = return_lost
        self._enqueue = enqueue
        self._lost_at = 0.0  # when to look for what was lost
        self._look_at = 0.0  # when to look into Redis; 0: at once
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def look(self) -> None:
        """Look into Redis now."""
        self._look_at = 0.0
        self.wake()

    def __next__(self) -> dramatiq.MessageProxy | None:
        found = self._next() if self._may_take() else None
        if found is None:
            self._woken.wait(self._rest())
            self._woken.clear()
        else:
            self._hand.held.add(_id(found))
        return found

    def _may_take(self) -> bool:
        return len(self._hand.held) < self._limit and self._serves()

    def _rest(self) -> float:
        """Return the seconds until Redis is looked into, unless something wakes it before."""
        if not self._may_take():
            return self._rest_seconds
        return min(max(self._look_at - time.monotonic(), 0.0), self._rest_seconds)

    def _next(self) -> dramatiq.MessageProxy | None:
        if self._hand.waiting:
            return dramatiq.MessageProxy(self._hand.waiting.popleft())
        if time.monotonic() < self._look_at:
            return None
        with _closed():
            return self._fetch()

    def _fetch(self) -> dramatiq.MessageProxy | None:
        """Look into Redis, and again at once while something is found."""
        found, now = next(self._fetching), time.monotonic()
        self._look_at = 0.0 if found else now + self._rest_seconds
        if found is None and now >= self._lost_at:  # none is left in the consumer's memory
            self._lost_at = now + LOST_SECONDS
            if self._return_lost():
                self._look_at = 0.0
        return found

    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._end(message, self._fetching.ack)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._end(message, self._fetching.nack)

    def _end(self, message: dramatiq.MessageProxy, end: Callable[[dramatiq.MessageProxy], None]) -> None:
        """Let the message go. After ConnectionClosed Dramatiq tries again, and the thread still holds it."""
        try:
            if _is_fetched(message):
                with _closed():
                    end(message)
        except redis.RedisError:
            self._let_go(message)
            raise
        self._let_go(message)

    def _let_go(self, message: dramatiq.MessageProxy) -> None:
        was_full = len(self._hand.held) >= self._limit
        self._hand.held.discard(_id(message))
        if was_full:
            self.wake()

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give messages to other processes."""
        given = list(messages)
        with _closed():
            self._fetching.requeue([one for one in given if _is_fetched(one)])
            for one in given:
                if not _is_fetched(one):
                    self._enqueue(one._message)

    def close(self) -> None:
        """Give what waits to other processes. If that fails, it stays for the next consumer."""
        with suppress(*REDIS_ERRORS):
            while self._hand.waiting:
                self._enqueue(self._hand.waiting[0])
                self._hand.waiting.popleft()
        self._fetching.close()


def _is_fetched(message: dramatiq.MessageProxy) -> bool:
    """Return whether the message came from Redis, which must learn of its end."""
    return "redis_message_id" in message.options


def _id(message: dramatiq.MessageProxy) -> str:
    """Return the id by which Redis knows the message, or its own if it was handed over."""
    return str(message.options.get("redis_message_id", message.message_id))


@contextmanager
def _closed() -> Iterator[None]:
    """Raise Dramatiq's error, after which it tries again. Dramatiq knows no timeout of Redis."""
    try:
        yield
    except REDIS_ERRORS as error:
        raise ConnectionClosed(error) from None
