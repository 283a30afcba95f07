"""The broker of hints: Dramatiq's on Redis. A process fetches its own hints at once, and no more than it can run."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
    """How many threads of this process one kind of work may hold. The scheduler asks too."""

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
        self._held: defaultdict[str, set[str]] = defaultdict(set)  # survive a consumer that lost Redis
        self._consumers: dict[str, HintConsumer] = {}

    def get_declared_delay_queues(self) -> set[str]:
        """Return none: tasks that wait, wait in the schedule."""
        return set()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        limit = self._limit(queue_name)
        fetching = super().consume(queue_name, prefetch=limit, timeout=AT_ONCE)
        serves = partial(self._serves, queue_name)
        return_lost = partial(self._return_lost, queue_name)
        found = HintConsumer(fetching, self._held[queue_name], limit, serves, timeout / 1000, return_lost)
        self._consumers[queue_name] = found
        return found

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        enqueued: dramatiq.Message[Any] = super().enqueue(message, delay=delay)
        if consumer := self._consumers.get(message.queue_name):
            consumer.wake()
        return enqueued

    def waiting(self, queue: str) -> int:
        """Return how many hints wait in a queue. Those that processes hold are not counted."""
        return int(self.client.llen(f"{self.namespace}:{queue}"))

    def _return_lost(self, queue: str) -> None:
        """Put back what this process has fetched and does not hold. Called by the thread that fetches."""
        fetched: Any = self.client.smembers(f"{self.namespace}:__acks__.{self.broker_id}.{queue}")
        if lost := {one.decode() for one in fetched} - self._held[queue]:
            self.do_requeue(queue, *lost)


class HintConsumer(Consumer):
    """Holds up to `limit` messages. Looks for more when woken, else at intervals: other processes give hints too."""

    def __init__(
        self,
        fetching: Consumer,
        held: set[str],
        limit: int,
        serves: Callable[[], bool],
        rest_seconds: float,
        return_lost: Callable[[], None],
    ) -> None:
        self._fetching = fetching
        self._held = held
        self._limit = limit
        self._serves = serves
        self._rest_seconds = rest_seconds
        self._return_lost = return_lost
        self._look_at = 0.0  # for what was lost
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def __next__(self) -> dramatiq.MessageProxy | None:
        with _closed():
            found = self._fetch() if len(self._held) < self._limit and self._serves() else None
        if found is None:
            self._woken.wait(self._rest_seconds)
            self._woken.clear()
        else:
            self._held.add(_id(found))
        return found

    def _fetch(self) -> dramatiq.MessageProxy | None:
        found = next(self._fetching)
        if found is None and time.monotonic() >= self._look_at:  # none is left in the consumer's memory
            self._return_lost()
            self._look_at = time.monotonic() + LOST_SECONDS
        return found

    def ack(self, message: dramatiq.MessageProxy) -> None:
        self._end(message, self._fetching.ack)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        self._end(message, self._fetching.nack)

    def _end(self, message: dramatiq.MessageProxy, end: Callable[[dramatiq.MessageProxy], None]) -> None:
        """Let the message go. After ConnectionClosed Dramatiq tries again, and the thread still holds it."""
        try:
            with _closed():
                end(message)
        except redis.RedisError:
            self._let_go(message)
            raise
        self._let_go(message)

    def _let_go(self, message: dramatiq.MessageProxy) -> None:
        was_full = len(self._held) >= self._limit
        self._held.discard(_id(message))
        if was_full:
            self.wake()

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        with _closed():
            self._fetching.requeue(messages)

    def close(self) -> None:
        self._fetching.close()


def _id(message: dramatiq.MessageProxy) -> str:
    """Return the id by which Redis knows the message."""
    return str(message.options["redis_message_id"])


@contextmanager
def _closed() -> Iterator[None]:
    """Raise Dramatiq's error, after which it tries again. Dramatiq knows no timeout of Redis."""
    try:
        yield
    except REDIS_ERRORS as error:
        raise ConnectionClosed(error) from None
