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
from tests.integration.pec.store.deliveries import fan_out
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
    assert redis.xlen("pec:rejected") == redis.zcard("pec:rejected_at") == 100
    _is_index_of_what_is_kept(store)
    assert 0 < redis.pttl("pec:rejections") <= 3 * job_stream.REJECTION_EVENT_MS


def test_a_flood_of_one_account_takes_no_rejection_and_no_event_from_another(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_stream, "REJECTION_EVENT_BURST", 3)
    monkeypatch.setattr(job_stream, "MAX_REJECTIONS", 10)
    store = Store(redis, "pec")
    for account in ("acme", "globex"):
        redis.hset(store.keys.account(account), "token", "x")
    first = _reject(store, {"account": "acme", "id": "acme:first"})
    flood = [_reject(store, {"account": "globex", "id": f"globex:{number}"}) for number in range(30)]
    strange = [_reject(store, {"account": f"unknown-{number}"}) for number in range(30)]

    last = _reject(store, {"id": "acme:last"})

    assert [one.name for one in rejections.latest_of(store, "acme", 10)] == ["acme:last", "acme:first"]
    assert [entry for entry in (first, last) if rejections.of_entry(store, entry)] == [first, last]
    kept = [bool(rejections.of_entry(store, entry)) for entry in (*flood, *strange)]
    assert (sum(kept[:30]), sum(kept[30:])) == (4, 4)  # the latest of each
    assert kept[26:30] == kept[56:] == [True] * 4
    stored: Any = redis.xrange("pec:events")
    named = [json.loads(fields[b"event"])["data"].get("id") for _, fields in stored]
    assert named.count("acme:first") == named.count("acme:last") == 1
    assert len(named) == 2 + 3 + 3


def test_rejections_that_an_older_version_kept_make_room_too(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_stream, "MAX_REJECTIONS", 5)
    store = Store(redis, "pec")
    for _ in range(20):
        redis.xadd("pec:rejected", {"entry": "1-1", "job": "{}", "errors": "[]", "at": ""})

    entries = [_reject(store, {}) for _ in range(8)]

    assert redis.xlen("pec:rejected") == 5
    assert [bool(rejections.of_entry(store, entry)) for entry in entries][-1]


def _reject(store: Store, safe: dict[str, str]) -> str:
    """Return the entry of a job that was rejected."""
    job_stream.ensure_group(store)
    store.client.xadd("pec:jobs", {"job": "{}"})
    [entry] = job_stream.read_new(store, "worker", 1, 100)
    job_stream.reject(store, entry, [Problem("job", "is wrong")], safe)
    return entry.id


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

    assert set(fan_out(store, endpoints)) == {"all", "lists"}


def _pending(redis: Redis) -> int:
    found: Any = redis.xpending("pec:jobs", "workers")
    return int(found["pending"])


def _is_index_of_what_is_kept(store: Store) -> None:
    kept = list(rejections.newest(store))
    indexed: Any = store.client.zrange(store.keys.rejected_at, 0, -1, withscores=True)
    assert {one.entry for one in kept} <= {entry.decode() for entry, _ in indexed}
    assert min(at for _, at in indexed) == int(kept[-1].position.split("-")[0])
