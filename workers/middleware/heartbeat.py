"""The heartbeat: registers in Redis which accounts, endpoints and queues this process serves, while it lives."""

import json
import math
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware

from config.settings import Settings
from pec.instants import to_text
from pec.names import Queue
from pec.store import accounts, heartbeat, outbox, purging
from pec.store.clock import local_clock
from pec.store.failover import Memory
from workers.api_reach import ApiReach
from workers.context import WorkerContext, retry_until_stored
from workers.mailbox.purge_policy import rules_of
from workers.metrics.minutes import MINUTES
from workers.middleware.archive_watch import ArchiveState
from workers.middleware.background import Background
from workers.rate_limiter import MAX_CLOCK_ERROR_SECONDS
from workers.tasks.sweep import EVERYTHING

EVERY_SECONDS = 5.0
ENSURED_SECONDS = (
    60.0  # between two looks whether Redis holds all that it must, if nothing says that it lost any
)
LIVES_SECONDS = 30.0
ORDERLY_END_SECONDS = 60.0  # for the orderly end of an orphan, as long as a master waits for it
REMEDY = "restore the backup: jobs that are put in again are sent again, whatever was sent before"
RECONCILE = "restart every worker with --reconcile {since}, and enqueue again what was enqueued since"
log = structlog.get_logger()


class Heartbeat(Middleware):
    """Registers names, never secrets. It beats once before intake starts, so that no job finds its account unknown."""

    def __init__(self, ctx: WorkerContext, worker_id: str, archive: ArchiveState | None = None) -> None:
        self._ctx = ctx
        self._archive = archive or ArchiveState()
        self._id = worker_id
        self._queues: list[str] = []
        self._threads = 0
        self._started_at = to_text(ctx.now())
        self._installation: str | None = None
        self._ensured: tuple[str, str] | None = None  # the installation, and the server's history of writes
        self._ensure_at = 0.0  # on the local clock
        self._memory = Memory()
        self._parent = ParentWatch()
        self._thread = Background("heartbeat", self._step)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        chosen = worker.consumer_whitelist
        self._queues = [str(queue) for queue in Queue if not chosen or queue in chosen]
        self._threads = worker.worker_threads
        with _signals_end_it():
            retry_until_stored(self._first_step, give_up_seconds=math.inf)
        self._thread.start()

    def _first_step(self) -> None:
        """Register for the first time. Until then this process takes no job: its account would be unknown."""
        self._parent.stop_if_orphaned()
        for account, token in self._tokens().items():
            accounts.register(self._ctx.store, account, token)
        if since := self._ctx.settings.reconcile_since:
            heartbeat.end_failover(self._ctx.store, since)
        # Before other workers take jobs of its accounts.
        outbox.ensure(self._ctx.store, _endpoint_names(self._ctx.settings))
        self._step()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()
        if MINUTES.has_any:
            with suppress(redis.RedisError):
                self._beat()
        with suppress(redis.RedisError):  # its registration expires
            heartbeat.stop(self._ctx.store, self._id, _restores(self._ctx.settings))

    def _tokens(self) -> dict[str, str]:
        return {account: self._ctx.token(account) for account in self._ctx.settings.accounts}

    def _step(self) -> float:
        """Register this worker. Look after the rest now and then, and at once if Redis may have lost some of it."""
        self._parent.stop_if_orphaned()
        asked_at = local_clock()
        beat = self._beat()
        self._ctx.clock.observe(beat.said_at, asked_at, local_clock())
        self._ctx.sync_clock_within(MAX_CLOCK_ERROR_SECONDS)
        lost = self._installation not in (None, beat.installation)
        if lost:
            log.error("redis_data_lost", remedy=REMEDY)
            heartbeat.note_loss(self._ctx.store, self._ctx.now())
        held = (beat.installation, beat.history.id)
        if held != self._ensured or local_clock() >= self._ensure_at:
            self._ensure(beat, lost=lost)
            self._ensured, self._ensure_at = held, local_clock() + ENSURED_SECONDS
        self._remember(beat)
        self._ctx.restore.update(beat.restores)
        self._ctx.alike.count, self._ctx.alike.place = beat.alike, beat.place
        return EVERY_SECONDS

    def _ensure(self, beat: heartbeat.Beat, *, lost: bool) -> None:
        """Put back what this worker's tasks need and Redis does not hold."""
        outbox.ensure(self._ctx.store, _endpoint_names(self._ctx.settings), from_the_first=lost)
        self._installation = beat.installation  # the loss is noted, and no endpoint missed anything
        accounts.ensure(self._ctx.store, self._tokens())
        self._recurring_tasks()

    def _remember(self, beat: heartbeat.Beat) -> None:
        """Note what a failover has lost, and keep in mind how far the history of writes goes now."""
        if since := self._memory.lost_since(beat.history):
            log.error(
                "redis_failover_lost", since=to_text(since), remedy=RECONCILE.format(since=to_text(since))
            )
            heartbeat.note_failover(self._ctx.store, since, self._ctx.now())
            self._memory = Memory()
        if beat.counts:
            self._memory.add(self._ctx.now(), beat.history)

    def _recurring_tasks(self) -> None:
        """Schedule the tasks that schedule themselves again, in case Redis has lost them."""
        keys, now = self._ctx.store.keys, self._ctx.now().timestamp()
        with self._ctx.store.client.pipeline(transaction=False) as pipeline:
            pipeline.zadd(keys.due(Queue.SWEEP), {EVERYTHING: now}, nx=True)
            if served := self._ctx.settings.accounts:
                pipeline.zadd(keys.due(Queue.QUOTA), dict.fromkeys(served, now), nx=True)
                if interval := self._ctx.settings.mailbox.incoming_interval_seconds:
                    pipeline.zadd(keys.due(Queue.INBOX_SCAN), dict.fromkeys(served, now + interval), nx=True)
            pipeline.execute()

    def _beat(self) -> heartbeat.Beat:
        settings = self._ctx.settings
        archive, cause = self._archive.now(settings.archive.url)
        about = {
            "host": socket.gethostname(),
            "pid": str(os.getpid()),
            "started_at": self._started_at,
            "threads": str(self._threads),
            "queues": " ".join(self._queues),
            "accounts": " ".join(settings.accounts),
            "archive": archive,
            "archive_cause": json.dumps(cause),
            **_api(self._ctx.api_reach),
        }
        seen = {
            "worker": [self._id],
            "queue": self._queues,
            "account": list(settings.accounts),
            "endpoint": _endpoint_names(settings),
            "restore": _restores(settings),
            purging.RULES: [str(rule) for rule in rules_of(settings)],
        }
        counts = MINUTES.take()
        try:
            return heartbeat.beat(
                self._ctx.store, seen, LIVES_SECONDS, about, set(self._tokens().values()), counts
            )
        except redis.RedisError:
            MINUTES.give_back(counts)
            raise


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process at once: before it is registered, it has no work in hand.

    Dramatiq looks at them only after the boot, which waits for Redis as long as Redis is away.
    """
    if threading.current_thread() is not threading.main_thread():  # in tests
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ParentWatch:
    """Ends this process with its master: an orphan would go on sending after an operator stopped the rest."""

    def __init__(self) -> None:
        self._since: float | None = None

    def stop_if_orphaned(self) -> None:
        """Send this process SIGTERM, and so end it in order, once the master is dead; a second one if the first failed.

        A process that was booting waits for its master for ever inside Dramatiq, while its threads work: the second
        SIGTERM ends it at once.
        """
        master = multiprocessing.parent_process()
        if master is None or master.is_alive():
            return
        now = time.monotonic()
        if self._since is None or now - self._since > ORDERLY_END_SECONDS:
            self._since = now
            os.kill(os.getpid(), signal.SIGTERM)


def _api(reach: ApiReach) -> dict[str, str]:
    """Return why this process does not reach the API and since when; empty texts if it does."""
    since, lost = reach.doubted_since, reach.lost
    if not lost or not since:
        return {"api_lost": "", "api_lost_since": ""}
    return {"api_lost": json.dumps(lost.as_dict()), "api_lost_since": to_text(since)}


def _endpoint_names(settings: Settings) -> list[str]:
    return [endpoint.name for endpoint in settings.webhooks.endpoints]


def _restores(settings: Settings) -> list[str]:
    return [to_text(settings.reconcile_since)] if settings.reconcile_since else []
