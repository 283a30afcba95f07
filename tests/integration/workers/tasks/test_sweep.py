"""The hourly pass: what has no more use leaves Redis, and what is in work stays."""

from dataclasses import replace
from typing import Any

import pytest

from pec.names import Queue, State
from pec.problems import Problem
from pec.store import accounts, by_account, job_stream, once
from pec.store.store import Store, text_list
from workers.context import WorkerContext
from workers.tasks import sweep

DAY = 86_400


def test_consumers_of_dead_workers_leave_and_the_pass_comes_again(
    ctx: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CONSUMER_IDLE_SECONDS", -1.0)
    store = ctx.store
    job_stream.ensure_group(store)
    store.client.xadd(store.keys.jobs, {"job": "{}"})
    job_stream.read_new(store, "holds", 1, 1)
    job_stream.read_new(store, "dead", 1, 1)

    sweep.sweep(ctx, sweep.EVERYTHING)

    found: Any = store.client.xinfo_consumers(store.keys.jobs, job_stream.GROUP)
    assert [one["name"] for one in found] == [b"holds"]
    again: Any = store.client.zscore(store.keys.due(Queue.SWEEP), sweep.EVERYTHING)
    assert again == pytest.approx(ctx.now().timestamp() + sweep.EVERY_SECONDS, abs=60)


def test_a_consumer_that_reads_now_and_then_stays(ctx: WorkerContext) -> None:
    job_stream.ensure_group(ctx.store)
    job_stream.read_new(ctx.store, "lives", 1, 1)

    sweep.sweep(ctx, sweep.EVERYTHING)

    assert len(ctx.store.client.xinfo_consumers(ctx.store.keys.jobs, job_stream.GROUP)) == 1


def test_a_rejection_is_found_by_its_entry_for_as_long_as_rejections_are_kept(ctx: WorkerContext) -> None:
    store, days = ctx.store, ctx.settings.retention.rejected_days
    job_stream.ensure_group(store)
    store.client.xadd(store.keys.jobs, {"job": "{}"})
    [entry] = job_stream.read_new(store, "worker", 1, 1)
    job_stream.reject(store, entry, [Problem("job", "is wrong")], {})
    old, young = ((ctx.now().timestamp() - age * DAY) * 1000 for age in (days + 1, days - 1))
    store.client.zadd(store.keys.rejected_at, {"old": old, "young": young})

    sweep.sweep(ctx, sweep.EVERYTHING)

    assert store.client.zrange(store.keys.rejected_at, 0, -1) == [b"young", entry.id.encode()]


def test_a_repeat_learns_of_a_rejection_that_is_kept_no_more(ctx: WorkerContext) -> None:
    store, kept = ctx.store, ctx.settings.retention.model_copy(update={"rejected_days": 1})
    short = replace(ctx, settings=ctx.settings.model_copy(update={"retention": kept}))
    request = once.Request(jobs=["{}"], record="id:abc", fingerprint="abc")
    job_stream.ensure_group(store)
    [entry] = once.accept(store, request).entries
    reject_next(store)
    two_days_ago = (ctx.now().timestamp() - 2 * DAY) * 1000
    store.client.zadd(store.keys.rejected_at, {entry: two_days_ago})
    store.client.delete(store.keys.rejected)

    sweep.sweep(short, sweep.EVERYTHING)
    store.client.xadd(store.keys.jobs, {"job": "{}"})
    reject_next(store)

    assert once.forget_rejected(store, request.record)
    assert not once.accept(store, request).repeated


def test_the_rejections_of_an_account_that_stopped_leave_its_list_with_the_stream(ctx: WorkerContext) -> None:
    store = ctx.store
    job_stream.ensure_group(store)
    for account in ("acme", "globex"):
        accounts.register(store, account, "token-digest")
    for account in ("globex", "globex", "acme"):
        store.client.xadd(store.keys.jobs, {"job": "{}"})
        reject_next(store, {"account": account})
    kept: Any = store.client.xrange(store.keys.rejected)
    store.client.xdel(store.keys.rejected, kept[0][0], kept[1][0])
    store.client.zadd(store.keys.rejected_of("globex"), dict.fromkeys(_members(store, "globex"), 1.0))

    sweep.sweep(ctx, sweep.EVERYTHING)

    assert not store.client.exists(store.keys.rejected_of("globex"))
    assert len(_members(store, "acme")) == 1
    found: Any = store.client.zrange(f"{store.keys.namespace}:rejected_of", 0, -1, withscores=True)
    assert dict(found) == {b"acme": 1.0}
    store.client.delete(store.keys.rejected)
    sweep.sweep(ctx, sweep.EVERYTHING)
    assert not list(store.client.scan_iter(f"{store.keys.namespace}:rejected_of*"))


def _members(store: Store, account: str) -> list[str]:
    return text_list(store.client.zrange(store.keys.rejected_of(account), 0, -1))


def reject_next(store: Store, safe: dict[str, str] | None = None) -> None:
    [entry] = job_stream.read_new(store, "worker", 1, 100)
    job_stream.reject(store, entry, [Problem("job", "is wrong")], safe or {})


def test_the_pass_deletes_when_memory_is_full_and_comes_again(ctx: WorkerContext) -> None:
    store = ctx.store
    job_stream.ensure_group(store)
    store.client.zadd(store.keys.rejected_at, {"old": 1.0})
    store.client.config_set("maxmemory", "1")
    try:
        sweep.sweep(ctx, sweep.EVERYTHING)
    finally:
        store.client.config_set("maxmemory", "0")

    assert not store.client.exists(store.keys.rejected_at)
    assert store.client.zscore(store.keys.due(Queue.SWEEP), sweep.EVERYTHING) is not None


def test_the_pass_enters_messages_of_older_versions_in_the_index_by_account(ctx: WorkerContext) -> None:
    keys, client = ctx.store.keys, ctx.store.client
    job_stream.ensure_group(ctx.store)
    client.hset(keys.message("old"), mapping={"account": "acme", "state": "queued"})
    client.zadd(keys.state(State.QUEUED), {"old": 1.0})

    sweep.sweep(ctx, sweep.EVERYTHING)

    assert client.zrange(keys.state_of(State.QUEUED, "acme"), 0, -1) == [b"old"]
    assert not by_account.is_complete(ctx.store)
    sweep.sweep(ctx, sweep.EVERYTHING)
    assert by_account.is_complete(ctx.store)
