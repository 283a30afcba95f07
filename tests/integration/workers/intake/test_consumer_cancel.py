"""Intake of jobs that cancel others."""

import json
from datetime import UTC, datetime

import pytest
from redis import Redis

from pec.store import heartbeat, records
from pec.store.store import Store
from tests.integration.workers.intake.jobs import a_job, context, put_and_take, rejections
from workers.intake.consumer import Consumer


def test_after_a_restore_nothing_is_cancelled_that_may_have_been_sent(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    jobs = [
        a_job("m"),
        {"type": "cancel", "id": "m"},
        {"type": "cancel", "id": "later"},
        {"type": "cancel", "batch": "b"},
    ]
    for job in jobs:
        redis.xadd("pec:jobs", {"job": json.dumps(job)})
    taker = Consumer(context(redis_url, store, reconcile_since=datetime(2026, 1, 1, tzinfo=UTC)), "worker")

    while redis.xlen("pec:jobs"):
        taker.step()

    assert redis.hget("pec:message:m", "state") == b"queued"
    assert redis.xlen("pec:rejected") == 3
    assert list(redis.scan_iter("pec:cancelled:*")) == [], "nor is one remembered for what comes again"


def test_a_cancelled_batch_names_messages_that_only_a_newer_version_can_cancel(
    redis: Redis, redis_url: str
) -> None:
    jobs = [{**a_job(name), "batch": "b"} for name in ("m", "n")]
    put_and_take(redis, redis_url, jobs)
    redis.hset("pec:message:m", "state", "archived")

    entries = put_and_take(redis, redis_url, [{"type": "cancel", "batch": "b"}])

    assert rejections(redis) == set(entries)
    assert redis.hget("pec:message:n", "state") == b"cancelled"


def test_a_cancelled_batch_leaves_alone_what_is_sent(redis: Redis, redis_url: str) -> None:
    put_and_take(redis, redis_url, [{**a_job(name), "batch": "b"} for name in ("m", "n")])
    redis.hset("pec:message:m", "state", "sent")

    put_and_take(redis, redis_url, [{"type": "cancel", "batch": "b"}])

    assert rejections(redis) == set()
    assert [redis.hget(f"pec:message:{name}", "state") for name in "mn"] == [b"sent", b"cancelled"]


def test_who_cancels_what_is_sent_is_reported(redis: Redis, redis_url: str) -> None:
    put_and_take(redis, redis_url, [a_job("m")])
    redis.hset("pec:message:m", "state", "sent")

    entries = put_and_take(redis, redis_url, [{"type": "cancel", "id": "m"}])

    assert rejections(redis) == set(entries)


def test_a_cancel_whose_send_was_taken_meanwhile_cancels_it(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_and_take(redis, redis_url, [a_job("m")])
    ids_of_job, asked = records.ids_of_job, list[str]()

    def not_yet(store: Store, job_id: str) -> list[str]:
        asked.append(job_id)
        return [] if len(asked) == 1 else ids_of_job(store, job_id)

    monkeypatch.setattr(records, "ids_of_job", not_yet)
    put_and_take(redis, redis_url, [{"type": "cancel", "id": "m"}])

    assert redis.hget("pec:message:m", "state") == b"cancelled"
