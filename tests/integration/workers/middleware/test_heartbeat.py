"""A worker process reports itself to the others, and learns from their reports."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from redis import exceptions as redis_errors

from config.settings import Account, Settings
from pec.api.client import PecClient
from pec.operations.messages.throughput import Period
from pec.operations.minute_figures import Timed, figures_in
from pec.store import accounts, heartbeat
from pec.store.failover import History
from pec.store.store import Store
from tests.integration.pec.store.deliveries import fan_out
from tests.wire import eventually
from workers import context
from workers.context import WorkerContext
from workers.metrics.minutes import MINUTES
from workers.middleware.heartbeat import Heartbeat


class _Booting:
    """The part of a Dramatiq worker that the middleware gets."""

    consumer_whitelist = None
    worker_threads = 8


BOOTING: Any = _Booting()
CRM = {"name": "crm", "url": "https://crm.example.it/pec", "secret": "whsec_" + "QUFB" * 8}


def _ctx(store: Store, redis_url: str, **changed: Any) -> WorkerContext:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account}, **changed)
    return WorkerContext(settings, store, PecClient(settings.api))


def test_a_worker_that_boots_while_redis_refuses_writes_is_known_later(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    middleware, worker = Heartbeat(_ctx(store, redis_url), "w1"), BOOTING
    booting = threading.Thread(target=middleware.before_worker_boot, args=[worker, worker])
    redis.replicaof("127.0.0.1", "1")
    try:
        booting.start()
        booting.join(0.3)
        assert booting.is_alive(), "it waits for Redis"
    finally:
        redis.replicaof("NO", "ONE")

    eventually(lambda: heartbeat.live(store, "account") == {"acme"})
    booting.join(10)
    middleware.after_worker_shutdown(worker, worker)


def test_it_waits_for_as_long_as_redis_is_away(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its patience for results would end first, and without accounts it would refuse all jobs."""
    hours = SimpleNamespace(monotonic=itertools.count(0, 3600).__next__, sleep=lambda _: None)
    monkeypatch.setattr(context, "time", hours)
    store = Store(redis, "pec")
    tries = [redis_errors.ConnectionError()] * 3

    def refused(*_: object) -> heartbeat.Beat:
        if tries:
            raise tries.pop()
        return heartbeat.Beat("id", [], History("", 0, "", -1), True)

    monkeypatch.setattr(heartbeat, "beat", refused)
    with _booted(_ctx(store, redis_url)):
        assert tries == []


def test_it_waits_no_longer_than_its_master_lives(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    middleware = Heartbeat(_ctx(Store(redis, "pec"), redis_url), "w1")
    asked: list[str] = []
    monkeypatch.setattr(middleware._parent, "stop_if_orphaned", lambda: asked.append("master"))
    monkeypatch.setattr(accounts, "register", lambda *_: asked.append("Redis"))

    middleware.before_worker_boot(BOOTING, BOOTING)

    middleware.after_worker_shutdown(BOOTING, BOOTING)
    assert asked[:2] == ["master", "Redis"]


def test_an_end_while_redis_is_away_is_orderly_too(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise redis_errors.ConnectionError

    monkeypatch.setattr(heartbeat, "stop", away)
    with _booted(_ctx(Store(redis, "pec"), redis_url)):
        pass


def test_a_worker_that_does_not_know_of_a_restore_learns_of_it(redis: Redis, redis_url: str) -> None:
    store, backup = Store(redis, "pec"), datetime(2026, 11, 23, 2, tzinfo=UTC)
    with_instant, without = _ctx(store, redis_url, reconcile_since=backup), _ctx(store, redis_url)

    with _booted(without):
        assert without.reconcile_since is None, "there was none"
    with _booted(with_instant), _booted(without):
        assert without.reconcile_since == backup


def test_an_orderly_end_takes_back_the_report_of_a_restore(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    with _booted(_ctx(store, redis_url, reconcile_since=datetime(2026, 11, 23, 2, tzinfo=UTC))):
        assert heartbeat.live(store, "restore") == {"2026-11-23T02:00:00.000Z"}

    assert heartbeat.live(store, "restore") == set()


def test_all_that_a_flush_takes_is_registered_again(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    ctx = _ctx(store, redis_url, webhooks={"endpoints": [CRM]})
    middleware = Heartbeat(ctx, "w1")
    middleware._step()
    before = {key: store.client.type(key) for key in store.client.keys("*")}
    assert not store.client.hexists(store.keys.installation, "lost_at")

    redis.flushall()
    redis.xadd(store.keys.events, {"id": "evt_1", "type": "message.queued", "event": "{}"})
    middleware._step()

    assert {key: store.client.type(key) for key in store.client.keys("*")} == before
    assert store.client.hexists(store.keys.installation, "lost_at"), "and it is noted"
    assert fan_out(store, ctx.settings.webhooks.endpoints) == ["crm"], "what came meanwhile is published"


def test_what_redis_must_hold_is_looked_after_at_once_only_if_some_may_be_lost(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    middleware = Heartbeat(_ctx(Store(redis, "pec"), redis_url), "w1")
    looks: list[None] = []
    monkeypatch.setattr(middleware, "_recurring_tasks", lambda: looks.append(None))

    middleware._step()
    middleware._step()
    assert len(looks) == 1
    redis.flushall()
    middleware._step()
    assert len(looks) == 2
    middleware._ensure_at = 0.0  # long after
    middleware._step()
    assert len(looks) == 3


def test_a_loss_that_could_not_be_noted_at_once_is_noted_later(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    ctx = _ctx(store, redis_url, webhooks={"endpoints": [CRM]})
    middleware = Heartbeat(ctx, "w1")
    middleware._step()

    redis.flushall()
    redis.set(store.keys.events, "in the way")
    with pytest.raises(redis_errors.ResponseError):
        middleware._step()
    redis.delete(store.keys.events)
    redis.xadd(store.keys.events, {"id": "evt_1", "type": "message.queued", "event": "{}"})
    middleware._step()

    assert store.client.hexists(store.keys.installation, "lost_at")
    assert fan_out(store, ctx.settings.webhooks.endpoints) == ["crm"], "what came meanwhile is published"


def test_a_failover_is_noted_once_and_not_again_after_workers_reconciled(
    redis: Redis, redis_url: str
) -> None:
    store = Store(redis, "pec")
    beating = Heartbeat(_ctx(store, redis_url), "w1")
    beating._remember(_met(History("a", 300, "0" * 40, -1)))
    next_primary = History("b", 400, "a", 150)
    beating._remember(_met(next_primary))
    found = heartbeat.failover_of(redis.hmget(store.keys.installation, heartbeat.FAILOVER))
    assert found
    heartbeat.end_failover(store, found[0])

    beating._remember(_met(next_primary))

    assert not redis.hexists(store.keys.installation, heartbeat.FAILOVER[0])


def test_a_failover_loses_nothing_that_counted_if_only_other_writes_are_missing(
    redis: Redis, redis_url: str
) -> None:
    store = Store(redis, "pec")
    beating = Heartbeat(_ctx(store, redis_url), "w1")
    beating._remember(_met(History("a", 300, "0" * 40, -1), counts=False))

    beating._remember(_met(History("b", 400, "a", 150)))

    assert not redis.hexists(store.keys.installation, heartbeat.FAILOVER[0])


def _met(history: History, counts: bool = True) -> heartbeat.Beat:
    return heartbeat.Beat("one", [], history, counts)


def test_of_two_failovers_the_earlier_counts_until_workers_reconcile_since_then(redis: Redis) -> None:
    store = Store(redis, "pec")
    early, late = (datetime(2026, 11, 29, hour, tzinfo=UTC) for hour in (10, 12))
    heartbeat.note_failover(store, early, early)
    heartbeat.note_failover(store, late, late)

    def noted() -> Any:
        return heartbeat.failover_of(redis.hmget(store.keys.installation, heartbeat.FAILOVER))

    assert noted() == (early, late)
    heartbeat.end_failover(store, late)
    assert noted() == (early, late), "what was sent between the two is not reconciled"
    heartbeat.end_failover(store, early)
    assert noted() is None


def test_an_endpoint_has_its_place_among_events_before_others_take_jobs_of_its_worker(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, beat = Store(redis, "pec"), heartbeat.beat
    groups_before: list[int] = []

    def seen(*details: Any) -> heartbeat.Beat:
        groups_before.append(len(redis.xinfo_groups(store.keys.events)))
        return beat(*details)

    monkeypatch.setattr(heartbeat, "beat", seen)
    with _booted(_ctx(store, redis_url, webhooks={"endpoints": [CRM]})):
        assert groups_before[0] == 1


@contextmanager
def _booted(ctx: WorkerContext) -> Iterator[None]:
    middleware = Heartbeat(ctx, str(id(ctx)))
    middleware.before_worker_boot(BOOTING, BOOTING)
    yield
    middleware.after_worker_shutdown(BOOTING, BOOTING)


def test_figures_come_with_heartbeats_and_the_last_ones_at_the_end(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    middleware = Heartbeat(_ctx(store, redis_url), "w1")
    MINUTES.take()
    MINUTES.add("s1")
    middleware.before_worker_boot(BOOTING, BOOTING)
    eventually(lambda: _counted(store) == 1)
    MINUTES.add("s1")
    middleware.after_worker_shutdown(BOOTING, BOOTING)

    assert _counted(store) == 2
    assert heartbeat.live(store, "worker") == set()


def _counted(store: Store) -> int:
    hour = figures_in(store, Period(60, timedelta(minutes=1)))
    return hour.timings[Timed.SEND].count
