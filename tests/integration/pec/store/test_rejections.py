"""A job that can't be taken leaves the stream once and is published once, however many wrong ones there are."""

import json
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from config.settings import Endpoint
from pec.problems import Problem
from pec.store import job_stream, outbox, rejections
from pec.store.store import Store
from tests.receiver import a_secret


def test_a_job_that_two_workers_reject_is_rejected_once(redis: Redis) -> None:
    store = Store(redis, "pec")
    job_stream.ensure_group(store)
    redis.xadd("pec:jobs", {"job": "{}"})
    [entry] = job_stream.read_new(store, "worker", 1, 100)

    for reason in ("one", "other", "other"):
        job_stream.reject(store, entry, [Problem("job", reason)], {})

    assert redis.xlen("pec:rejected") == redis.xlen("pec:events") == 1
    assert (redis.xlen("pec:jobs"), _pending(redis)) == (0, 0)


def test_a_flood_of_bad_jobs_is_published_up_to_a_limit_and_the_last_event_says_so(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_stream, "REJECTION_EVENT_BURST", 3)
    monkeypatch.setattr(job_stream, "MAX_REJECTIONS", 100)
    store = Store(redis, "pec")
    job_stream.ensure_group(store)
    for _ in range(500):
        redis.xadd("pec:jobs", {"job": "{}"})

    for entry in job_stream.read_new(store, "worker", 500, 100):
        job_stream.reject(store, entry, [Problem("job", "is wrong")], {})

    stored: Any = redis.xrange("pec:events")
    events = [json.loads(fields[b"event"])["data"] for _, fields in stored]
    assert [data.get("limit_reached") for data in events] == [None, None, True]
    assert redis.xlen("pec:rejected") <= 200
    _is_index_of_what_is_kept(store)
    assert 0 < redis.pttl("pec:rejections") <= 3 * job_stream.REJECTION_EVENT_MS


def _is_index_of_what_is_kept(store: Store) -> None:
    kept = list(rejections.newest(store))
    indexed: Any = store.client.zrange(store.keys.rejected_at, 0, -1, withscores=True)
    assert {one.entry for one in kept} <= {entry.decode() for entry, _ in indexed}
    assert min(at for _, at in indexed) == int(kept[-1].position.split("-")[0])


def test_endpoints_that_receive_everything_or_list_it_get_a_rejection(redis: Redis) -> None:
    store = Store(redis, "pec")
    received: dict[str, list[str] | None] = {
        "all": None,
        "lists": ["job.rejected"],
        "other": ["job.x"],
        "none": [],
    }
    endpoints = [
        Endpoint(name=name, url="https://x.example", secret=SecretStr(a_secret()), events=events)
        for name, events in received.items()
    ]
    outbox.ensure(store, received)
    job_stream.ensure_group(store)
    redis.xadd("pec:jobs", {"job": "{}"})
    [entry] = job_stream.read_new(store, "worker", 1, 100)

    job_stream.reject(store, entry, [Problem("job", "is wrong")], {"id": "x"})

    assert set(outbox.fan_out(store, endpoints)) == {"all", "lists"}


def _pending(redis: Redis) -> int:
    found: Any = redis.xpending("pec:jobs", "workers")
    return int(found["pending"])
