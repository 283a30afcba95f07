"""The record of a request: how long repeats are known by it, and when it is forgotten."""

from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.problems import Problem
from pec.store import job_stream, once
from pec.store.commits import TooFewReplicas
from pec.store.store import Store, text
from tests.integration.pec.store.replicas import replicated, stopped

REQUEST = once.Request(jobs=["{}"], record="token:same:abc", fingerprint="abc", keep_seconds=1000)
RECORD = "pec:once:token:same:abc"


def test_a_record_is_kept_from_the_latest_repeat_on(redis: Redis) -> None:
    store = Store(redis, "pec")
    first = once.accept(store, REQUEST)
    once.answered(store, [REQUEST.record], 10)
    assert 0 < int(redis.ttl(RECORD)) <= 10

    again = once.accept(store, REQUEST)

    assert (again.entries, again.repeated) == (first.entries, True)
    assert 900 < int(redis.ttl(RECORD)) <= 1000


def test_a_rejected_job_frees_its_record_however_many_were_rejected_before_it(redis: Redis) -> None:
    store = Store(redis, "pec")
    job_stream.ensure_group(store)
    once.accept(store, REQUEST)
    with redis.pipeline() as pipeline:
        for _ in range(1100):
            pipeline.xadd("pec:jobs", {"job": "{}"})
        pipeline.execute()
    own, *others = job_stream.read_new(store, "worker", 2000, 100)

    for entry in others:
        job_stream.reject(store, entry, [Problem("job", "is wrong")], {})
    assert not once.forget_rejected(store, REQUEST.record)
    job_stream.reject(store, own, [Problem("job", "is wrong")], {})

    assert once.forget_rejected(store, REQUEST.record)
    assert not redis.exists(RECORD)


def test_nothing_of_a_request_stays_for_ever_but_its_jobs(redis: Redis) -> None:
    uploads, owner = {"a" * 64: b"bytes"}, {"job": "gw-1"}
    request = replace(REQUEST, uploads=uploads, codes=["1"], owner=owner, code_keep_seconds=2000)

    once.accept(Store(redis, "pec"), request)

    lives = {text(key): int(redis.ttl(key)) for key in redis.keys("pec:*")}
    assert lives.pop("pec:jobs") == -1
    assert set(lives) == {RECORD, "pec:upload:" + "a" * 64, "pec:given_code:1"}
    assert 900 < lives[RECORD] <= 1000
    assert 1900 < lives["pec:given_code:1"] <= 2000
    assert once.UPLOAD_SECONDS - 100 < lives["pec:upload:" + "a" * 64] <= once.UPLOAD_SECONDS


def test_a_code_is_given_once_and_without_a_free_one_nothing_is_enqueued(store: Store) -> None:
    first, second, third = (
        replace(REQUEST, record=name, codes=["1", "2"], owner={"job": name}) for name in ("a", "b", "c")
    )

    assert [once.accept(store, one).code for one in (first, second)] == ["1", "2"]
    with pytest.raises(once.NoFreeCode):
        once.accept(store, third)

    assert store.client.xlen(store.keys.jobs) == 2
    assert not once.is_known(store, "c")


def test_a_request_counts_once_a_replica_has_it_and_so_does_its_repeat(tmp_path: Path) -> None:
    """The first answer was lost, perhaps because no replica had it: a repeat that waits for nothing proves nothing."""
    with replicated(tmp_path) as (store, url, replica), connect(url) as other:
        with stopped(replica):
            once.accept(Store(other, "pec"), REQUEST)
            for request in (REQUEST, replace(REQUEST, record="new")):
                with pytest.raises(TooFewReplicas):
                    once.accept(store, request)

        assert once.accept(store, REQUEST).repeated
