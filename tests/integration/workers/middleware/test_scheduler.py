"""The scheduler in a worker of this process: what is due becomes hints, at once where this process made it due."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import pytest
import redis as redis_py
from redis import Redis

from config.redis_connection import connect
from config.settings import Settings
from pec.api.client import PecClient
from pec.names import Queue
from pec.store.store import Store
from tests.wire import eventually
from workers.broker import HintBroker, ThreadLimits
from workers.context import WorkerContext
from workers.middleware import scheduler
from workers.middleware.scheduler import Scheduler


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis, "pec")


@contextmanager
def working(store: Store, redis_url: str, task: Callable[[str], None]) -> Iterator[HintBroker]:
    """Every queue's actor does the task."""
    settings, shares, client = Settings(redis_url=redis_url), ThreadLimits(), connect(redis_url)
    made = Scheduler(WorkerContext(settings, store, PecClient(settings.api), chance=lambda: 1.0), shares)
    broker = HintBroker(shares.limit, lambda _: True, client=client, middleware=[shares, made])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker)(lambda member: task(member))
    worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=50)
    worker.start()
    try:
        yield broker
    finally:
        worker.stop()
        client.close()


def test_what_comes_due_is_done_then_though_nothing_wakes_the_scheduler(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", 60.0)
    done: list[float] = []
    due_at = store.now() + 0.5
    store.set_due(Queue.CHECK, "inv-1", due_at)

    with working(store, redis_url, lambda _: done.append(store.now())):
        eventually(lambda: done)

    assert done[0] >= due_at


def test_while_dramatiq_is_away_nothing_due_is_taken(store: Store, redis_url: str) -> None:
    """Taken, it would stand still for a lease after Dramatiq has come back."""
    settings, shares = Settings(redis_url=redis_url), ThreadLimits()
    made = Scheduler(WorkerContext(settings, store, PecClient(settings.api)), shares)
    away = HintBroker(shares.limit, lambda _: True, client=connect("redis://127.0.0.1:1"), middleware=[])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=away)(lambda member: None)
    now = store.now()
    made._broker, made._room = away, {Queue.CHECK: 100}  # as it was before Dramatiq went
    store.client.zadd(store.keys.due(Queue.CHECK), {f"inv-{number}": now for number in range(50)})

    for _ in range(3):
        with pytest.raises(redis_py.RedisError):
            made._step()

    assert store.client.zcount(store.keys.due(Queue.CHECK), "-inf", now) >= 40


def test_what_a_task_makes_due_is_done_next(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", 60.0)
    done: list[str] = []

    def task(member: str) -> None:
        done.append(member)
        if member == "first":
            store.set_due(Queue.LOOKUP, "second", store.now())

    store.set_due(Queue.CHECK, "first", store.now())
    with working(store, redis_url, task):
        eventually(lambda: done == ["first", "second"])


def test_more_than_fits_into_one_step_is_done_once_each(store: Store, redis_url: str) -> None:
    members = {f"inv-{number}" for number in range(150)}
    done: list[str] = []
    for member in members:
        store.set_due(Queue.CHECK, member, store.now())

    with working(store, redis_url, done.append):
        eventually(lambda: len(done) >= len(members))

    assert sorted(done) == sorted(members)


def test_no_more_hints_wait_in_dramatiq_than_are_allowed(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "MAX_OUTSTANDING", 10)
    monkeypatch.setattr(scheduler, "REST_SECONDS", 0.1)
    may_end = threading.Event()
    done: list[str] = []

    def task(member: str) -> None:
        if member.startswith("inv-"):
            may_end.wait(30)
        done.append(member)

    for number in range(60):
        store.set_due(Queue.CHECK, f"inv-{number}", store.now())
    with working(store, redis_url, task) as broker:
        for step in range(5):  # each shows that the scheduler went on
            store.set_due(Queue.LOOKUP, f"step-{step}", store.now())
            eventually(lambda step=step: f"step-{step}" in done)  # type: ignore[misc]
        assert 0 < broker.waiting(Queue.CHECK) <= 10
        may_end.set()
        eventually(lambda: len(done) == 65)


def test_hints_that_processes_hold_take_no_room(store: Store, redis_url: str) -> None:
    """Some stay where a process has lost them, until it ends."""
    store.client.hset("dramatiq:check.msgs", mapping={f"lost-{number}": "{}" for number in range(200)})
    done: list[str] = []
    store.set_due(Queue.CHECK, "inv-1", store.now())

    with working(store, redis_url, done.append):
        eventually(lambda: done == ["inv-1"])
