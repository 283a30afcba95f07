"""The record of a request: how long repeats are known by it, and when it is forgotten."""

from redis import Redis

from pec.problems import Problem
from pec.store import job_stream, once
from pec.store.store import Store

REQUEST = once.Request(jobs=["{}"], record="token:same:abc", fingerprint="abc", keep_seconds=1000)
RECORD = "pec:once:token:same:abc"


def test_a_record_is_kept_from_the_latest_repeat_on(redis: Redis) -> None:
    store = Store(redis, "pec")
    first = once.accept(store, REQUEST)
    once.answered(store, REQUEST.record, 10)
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
