"""Intake with an archive: large content goes there before its job is taken, and waits while it is away."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive import contents
from pec.content import sha256
from pec.names import State
from pec.store import job_stream, records
from tests.integration.workers.archiving import (
    a_file,
    intake,
    job_with,
    place_of,
    put_jobs,
    unmounted,
)
from tests.integration.workers.messages import state
from workers.context import WorkerContext
from workers.intake.consumer import MEMORY_SECONDS


def rejections(ctx: WorkerContext) -> int:
    return int(ctx.store.client.xlen(ctx.store.keys.rejected))


def test_large_content_is_in_the_archive_and_redis_keeps_a_reference(
    with_archive: WorkerContext, root: Path
) -> None:
    file = a_file()
    put_jobs(with_archive, job_with("m", file))

    intake(with_archive).step()

    digest = sha256(file)
    stored: Any = with_archive.store.client.hgetall(f"pec:content:{digest}")
    assert stored == {b"archived": b"200000", b"refs": b"1"}
    assert place_of(root, digest).read_bytes() == file
    body = sha256(b"<p>x")
    assert with_archive.store.client.hget(f"pec:content:{body}", "data") == b"<p>x", "small content stays"
    found = contents.read(with_archive.store, with_archive.vault, [digest, body])
    assert found == {digest: file, body: b"<p>x"}


def test_an_upload_that_many_jobs_name_is_archived_once(with_archive: WorkerContext, root: Path) -> None:
    file = a_file()
    digest, redis = sha256(file), with_archive.store.client
    redis.set(f"pec:upload:{digest}", file)
    named = {"attachments": [{"name": "a.pdf", "sha256": digest}]}
    put_jobs(with_archive, *({**job_with(name, b""), **named} for name in ("m", "n")))
    intake(with_archive).step()
    redis.delete(f"pec:upload:{digest}")
    place_of(root, digest).touch()
    put_jobs(with_archive, {**job_with("o", b""), **named})

    intake(with_archive).step()

    assert [state(with_archive, name) for name in "mno"] == [State.QUEUED] * 3
    assert redis.hgetall(f"pec:content:{digest}") == {b"archived": b"200000", b"refs": b"3"}


def test_an_upload_that_went_to_the_archive_serves_jobs_after_its_messages_are_deleted(
    with_archive: WorkerContext,
) -> None:
    file = a_file()
    digest, redis = sha256(file), with_archive.store.client
    redis.set(f"pec:upload:{digest}", file)
    named = {"attachments": [{"name": "a.pdf", "sha256": digest}]}
    put_jobs(with_archive, {**job_with("m", b""), **named})
    intake(with_archive).step()
    assert not redis.exists(f"pec:upload:{digest}"), "the archive holds it: Redis has room again"
    redis.delete(f"pec:content:{digest}")  # as retention does with the last message that needs it
    put_jobs(with_archive, {**job_with("n", b""), **named})

    intake(with_archive).step()

    assert state(with_archive, "n") is State.QUEUED
    assert redis.hgetall(f"pec:content:{digest}") == {b"archived": b"200000", b"refs": b"1"}


def test_while_the_archive_is_away_intake_waits_and_loses_and_rejects_nothing(
    with_archive: WorkerContext, root: Path
) -> None:
    put_jobs(with_archive, job_with("before", a_file()))
    taker = intake(with_archive)
    taker.step()
    large, small = job_with("large", a_file()), job_with("small", b"%PDF")
    with unmounted(root):
        put_jobs(with_archive, job_with("first", b"%PDF"), large, small)
        rests = [taker.step() for _ in range(job_stream.MAX_DELIVERIES + 3)]
        assert all(rest > 0 for rest in rests)
        assert records.read(with_archive.store, "large") is None
        assert state(with_archive, "first") is State.QUEUED, (
            "what came before the archive was missed is taken"
        )

    assert taker.step() == 0

    assert [state(with_archive, name) for name in ("large", "small")] == [State.QUEUED] * 2
    assert with_archive.store.client.xlen("pec:jobs") == 0
    assert rejections(with_archive) == 0


def test_waiting_for_the_archive_counts_as_no_try_of_a_job(with_archive: WorkerContext, root: Path) -> None:
    put_jobs(with_archive, job_with("before", a_file()))
    taker = intake(with_archive)
    taker.step()
    with unmounted(root):
        put_jobs(with_archive, job_with("large", a_file()))
        for _ in range(3):
            taker.step()
        pending: Any = with_archive.store.client.xpending_range("pec:jobs", "workers", "-", "+", 10)

    assert [(one["consumer"], one["times_delivered"]) for one in pending] == [(b"worker", 1)]


def test_a_job_whose_worker_dies_while_it_waits_is_taken_by_another(
    with_archive: WorkerContext, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_jobs(with_archive, job_with("before", a_file()))
    intake(with_archive, "dead").step()
    with unmounted(root):
        put_jobs(with_archive, job_with("large", a_file()))
        intake(with_archive, "dead").step()
    monkeypatch.setattr(job_stream, "reclaim", _at_once(job_stream.reclaim))

    intake(with_archive, "alive").step()

    assert state(with_archive, "large") is State.QUEUED


def test_a_repeated_job_finds_its_content_and_is_ignored(with_archive: WorkerContext) -> None:
    job = job_with("m", a_file())
    put_jobs(with_archive, job, job)

    intake(with_archive).step()

    assert with_archive.store.client.xlen("pec:jobs") == 0
    assert rejections(with_archive) == 0


def test_a_worker_without_the_archive_takes_jobs_whose_content_is_there(
    ctx: WorkerContext, with_archive: WorkerContext
) -> None:
    file = a_file()
    put_jobs(with_archive, job_with("m", file))
    intake(with_archive).step()
    put_jobs(ctx, {**job_with("n", b""), "attachments": [{"name": "a.pdf", "sha256": sha256(file)}]})

    intake(ctx).step()

    assert state(ctx, "n") is State.QUEUED
    assert rejections(ctx) == 0


@pytest.fixture
def limited(ctx: WorkerContext) -> Iterator[Callable[[float], None]]:
    """Set maxmemory so that Redis is at such a share of it."""
    redis = ctx.store.client
    redis.set("ballast", b"x" * 20_000_000)

    def limit(share: float) -> None:
        redis.config_set("maxmemory", str(int(redis.info("memory")["used_memory"] / share)))

    yield limit
    redis.config_set("maxmemory", "0")
    redis.delete("ballast")


def test_a_job_whose_content_goes_to_the_archive_is_taken_although_memory_is_short(
    with_archive: WorkerContext, limited: Callable[[float], None]
) -> None:
    put_jobs(
        with_archive, job_with("first", b"%PDF"), job_with("large", a_file()), job_with("small", b"%PDF")
    )
    limited(0.95)
    taker = intake(with_archive)

    assert taker.step() == 0
    assert taker.step() == MEMORY_SECONDS

    assert [state(with_archive, name) for name in ("first", "large")] == [State.QUEUED] * 2
    assert records.read(with_archive.store, "small") is None, "it would only take more memory"


def test_a_job_that_found_redis_full_waits_and_counts_no_try(
    with_archive: WorkerContext, limited: Callable[[float], None]
) -> None:
    put_jobs(with_archive, job_with("before", a_file()))
    taker = intake(with_archive)
    taker.step()
    put_jobs(with_archive, job_with("large", a_file()), job_with("small", b"%PDF"))
    limited(1.05)

    rests = [taker.step() for _ in range(job_stream.MAX_DELIVERIES + 3)]

    assert all(rest > 0 for rest in rests)
    assert [entry.deliveries for entry in taker._waiting] == [1, 1]
    limited(0.5)
    assert taker.step() == 0
    assert [state(with_archive, name) for name in ("large", "small")] == [State.QUEUED] * 2
    assert rejections(with_archive) == 0


def _at_once(reclaim: Any) -> Any:
    return lambda store, consumer, idle_seconds, limit: reclaim(store, consumer, 0, limit)
