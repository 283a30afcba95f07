"""The scheduler in a worker of this process: what is due becomes hints, at once where this process made it due."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Account, Api, Settings
from pec.api.client import PecClient
from pec.names import Queue
from pec.store import accounts, pacing
from pec.store.clock import local_clock
from pec.store.dispatch import Dispatched, DispatchRequest, dispatch
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.wire import eventually
from workers.broker import HintBroker, ThreadLimits
from workers.context import Alike, WorkerContext
from workers.middleware import scheduler
from workers.middleware.scheduler import Scheduler

NEVER_SECONDS = 1e9  # between two turns


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis, "pec")


@contextmanager
def working(
    store: Store, redis_url: str, task: Callable[[str], None], settings: Settings | None = None
) -> Iterator[HintBroker]:
    """Every queue's actor does the task, beside another worker that does the same work."""
    settings, shares, client = settings or Settings(redis_url=redis_url), ThreadLimits(), connect(redis_url)
    made = Scheduler(WorkerContext(settings, store, PecClient(settings.api), alike=Alike(2)))
    broker = HintBroker(shares.limit, lambda _: True, client=client, middleware=[shares, made])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker)(lambda member, *_: task(member))
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
    monkeypatch.setattr(scheduler, "REST_SECONDS", NEVER_SECONDS)
    done: list[float] = []
    due_at = store.now() + 0.5
    store.set_due(Queue.CHECK, "inv-1", due_at)

    with working(store, redis_url, lambda _: done.append(store.now())):
        eventually(lambda: done)

    assert done[0] >= due_at


def test_what_a_task_makes_due_is_done_next(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", NEVER_SECONDS)
    done: list[str] = []

    def task(member: str) -> None:
        done.append(member)
        if member == "first":
            store.set_due(Queue.LOOKUP, "second", store.now())

    store.set_due(Queue.CHECK, "first", store.now())
    with working(store, redis_url, task):
        eventually(lambda: done == ["first", "second"])


def test_the_process_that_gave_a_hint_gives_the_next_one_at_its_time(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", NEVER_SECONDS)
    two_waiting(store)
    given: list[str] = []

    def task(token: str) -> None:
        store.client.delete(store.keys.hints(token))  # as its thread takes it
        given.append(token)

    with working(store, redis_url, task, one_a_second(redis_url)):  # the end of a task wakes it long before
        eventually(lambda: len(given) >= 2)


def test_a_process_says_what_it_attends_to_and_comes_no_sooner_than_clocks_allow(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", NEVER_SECONDS)
    monkeypatch.setattr(scheduler, "DRIFT", 1.0)  # of clocks that go half as fast
    looks = looked(monkeypatch)
    two_waiting(store)

    with working(store, redis_url, lambda _: None, one_a_second(redis_url)):
        eventually(lambda: len(looks) >= 3)

    (began, first, found), (_, after_the_task, _), (came, *_), *_ = looks
    [(token, seconds)] = found.attended.items()
    assert (first.attends, after_the_task.attends) == ([], [token])
    assert came - began >= 2 * seconds


@pytest.mark.parametrize(("rate", "attend"), [(1.0, True), (20.0, False)])
def test_others_attend_only_if_each_process_has_a_thread_for_each_place(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch, rate: float, attend: bool
) -> None:
    looks = looked(monkeypatch)

    with working(store, redis_url, lambda _: None, one_a_second(redis_url, rate)):  # 4 threads
        eventually(lambda: looks)

    assert looks[0][1].others_attend == attend


def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, DispatchRequest, Dispatched]]:
    """Each look of the scheduler from now on: when, for what, and what it found."""
    looks: list[tuple[float, DispatchRequest, Dispatched]] = []

    def noted(store: Store, request: DispatchRequest) -> Dispatched:
        at, found = local_clock(), dispatch(store, request)
        looks.append((at, request, found))
        return found

    monkeypatch.setattr(scheduler, "dispatch", noted)
    return looks


def one_a_second(redis_url: str, rate: float = 1.0) -> Settings:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    return Settings(redis_url=redis_url, accounts={"acme": account}, api=Api(rate=rate))


def two_waiting(store: Store) -> None:
    accounts.register(store, "acme", pacing.digest("t"))
    for number in range(2):
        slots.waiting(store, f"m{number}", number)


def test_more_than_fits_into_one_step_is_done_once_each(store: Store, redis_url: str) -> None:
    members = {f"inv-{number}" for number in range(150)}
    done: list[str] = []
    for member in members:
        store.set_due(Queue.CHECK, member, store.now())

    with working(store, redis_url, done.append):
        eventually(lambda: len(done) >= len(members))

    assert sorted(done) == sorted(members)


def test_what_a_process_has_no_room_for_is_done_by_another(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST_SECONDS", 0.1)
    may_end = threading.Event()
    held: list[str] = []
    done: list[str] = []

    def stuck(member: str) -> None:
        held.append(member)
        may_end.wait(30)
        done.append(member)

    for number in range(60):
        store.set_due(Queue.CHECK, f"inv-{number}", store.now())
    with working(store, redis_url, stuck):
        eventually(lambda: len(held) == 2)
        with working(store, redis_url, done.append):
            eventually(lambda: len(done) == 56)
        may_end.set()
        eventually(lambda: len(done) == 60)


def test_tasks_go_on_while_dramatiq_s_database_is_away(store: Store, redis_url: str) -> None:
    done: list[str] = []
    store.set_due(Queue.CHECK, "inv-1", store.now())

    with working(store, "redis://127.0.0.1:1", done.append):
        eventually(lambda: done == ["inv-1"])
