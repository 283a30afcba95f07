"""Intake of jobs: each is taken or rejected alone, whatever happens to the worker and to the jobs beside it."""

import json
import threading
from itertools import takewhile
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Endpoint, Webhooks
from pec.content import sha256
from pec.jobs import parse
from pec.store import heartbeat, job_stream
from pec.store.clock import local_clock
from pec.store.job_stream import MAX_DELIVERIES, Entry
from pec.store.store import Store
from tests.integration.workers.intake.jobs import a_job, context, put_and_take, rejections
from tests.receiver import a_secret
from tests.wire import eventually
from workers.intake import consumer, prepare
from workers.intake.consumer import Consumer

GOOD = ("good1", "good2", "good3")


def _deadly(job: bytes) -> Any:
    if b'"bad"' in job:
        raise SystemExit("as SIGKILL would")
    return parse(job)


def test_a_deadly_job_is_rejected_alone(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    for job_id in ("bad", *GOOD):
        redis.xadd("pec:jobs", {"job": json.dumps(a_job(job_id))})
    monkeypatch.setattr(consumer, "parse", _deadly)
    monkeypatch.setattr(consumer, "RECLAIM_SECONDS", 0)

    deaths: list[str] = []

    def until_all_is_taken() -> bool:
        taker = Consumer(context(redis_url, store), "worker")
        try:
            while redis.xlen("pec:jobs"):
                taker.step()
        except SystemExit:
            deaths.append("one more")
        return redis.xlen("pec:jobs") == 0

    eventually(until_all_is_taken)
    assert len(deaths) == MAX_DELIVERIES
    rejected: Any = redis.xrange("pec:rejected")
    assert [json.loads(fields[b"errors"])[0]["field"] for _, fields in rejected] == ["job"]
    assert all(redis.hget(f"pec:message:{one}", "state") == b"queued" for one in GOOD)


def test_a_wait_for_jobs_ends_when_the_process_stops(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECLAIM_SECONDS", 600)  # the wait lasts as long as a connection bears
    monkeypatch.setattr(consumer, "BLOCK_SECONDS", 60)
    store = Store(connect(redis_url, timeout_seconds=120), "pec")
    taker = Consumer(context(redis_url, store), "worker")
    waiting = threading.Thread(target=taker.step, daemon=True)
    waiting.start()

    def has_ended() -> bool:
        taker.end_wait()
        return not waiting.is_alive()

    eventually(lambda: redis.exists("pec:jobs"))
    eventually(has_ended)


def test_what_was_taken_wakes_the_scheduler(redis: Redis, redis_url: str) -> None:
    redis.xadd("pec:jobs", {"job": json.dumps(a_job("m"))})
    ctx = context(redis_url, Store(redis, "pec"))

    Consumer(ctx, "worker").step()

    assert ctx.became_due.is_set()


def test_a_wait_for_jobs_ends_when_it_is_time_to_look_for_jobs_of_the_dead(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    def read_new(store: Store, name: str, limit: int, milliseconds: int) -> list[Entry]:
        waits.append(milliseconds)
        ctx.clock.observe(store.now() + 1.0, local_clock(), local_clock())  # a second passes
        return []

    monkeypatch.setattr(job_stream, "read_new", read_new)
    ctx = context(redis_url, Store(redis, "pec"))
    ctx.sync_clock()
    taker = Consumer(ctx, "worker")

    taker.step()
    taker.step()

    assert [round(wait, -2) for wait in waits] == [1900, 900]


def test_jobs_read_together_are_each_judged_by_themselves_and_in_their_order(
    redis: Redis, redis_url: str
) -> None:
    jobs: list[dict[str, Any]] = [
        a_job("m"),
        a_job("m"),  # again
        {**a_job("m"), "subject": "another"},
        {**a_job("n"), "account": "nobody"},
        a_job("early"),
        {"type": "cancel", "id": "early"},
        {"type": "cancel", "id": "late"},
        {**a_job("late"), "recipient": ["a@pec.example", "b@pec.example"]},
        {"type": "poll", "id": "p", "account": "acme", "code": "2020082610003492"},
        {**a_job("o"), "batch": "b"},
        {"type": "batch", "id": "b", "size": 3},
    ]

    entries = put_and_take(redis, redis_url, jobs)

    assert rejections(redis) == {entries[2], entries[3]}
    states = {one: redis.hget(f"pec:message:{one}", "state") for one in ("m", "early", "late#2", "p", "o")}
    assert states == {
        "m": b"queued", "early": b"cancelled", "late#2": b"cancelled", "p": b"sent", "o": b"queued"
    }  # fmt: skip
    assert redis.hget("pec:batch:b", "size") == b"3"
    found = ("m", "early", "late#1", "late#2", "p", "o")
    orders = [int(redis.hget(f"pec:message:{one}", "order") or 0) for one in found]
    assert len(set(orders)) == len(orders)


def test_jobs_that_share_an_entry_are_rejected_rather_than_all_but_one_lost(
    redis: Redis, redis_url: str
) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    two = [json.dumps(a_job(one)) for one in ("first", "second")]
    client: Any = redis
    entry = client.execute_command("XADD", "pec:jobs", "*", "job", two[0], "job", two[1])
    redis.xadd("pec:jobs", {"trace": "t-1", "job": json.dumps(a_job("beside"))})
    taker = Consumer(context(redis_url, store), "worker")

    while redis.xlen("pec:jobs"):
        taker.step()

    found: Any = redis.xrange("pec:rejected")
    [(_, rejected)] = found
    assert rejected[b"entry"] == entry
    assert json.loads(rejected[b"errors"]) == [
        {
            "field": "job",
            "reason": "the entry has 2 fields `job`: add an entry for each job",
            "code": "several_job_fields",
            "details": {"count": 2},
        }
    ]
    assert not redis.exists("pec:message:first", "pec:message:second")
    assert redis.exists("pec:message:beside")


def test_a_repeated_job_is_ignored_when_what_it_names_is_gone_and_a_new_one_is_rejected(
    redis: Redis, redis_url: str
) -> None:
    digest = sha256(b"<p>")
    named = {**a_job("m"), "body": {"sha256": digest}}
    redis.set(f"pec:upload:{digest}", b"<p>")
    put_and_take(redis, redis_url, [named, {**named, "id": "n"}])
    assert redis.hgetall(f"pec:content:{digest}") == {b"data": b"<p>", b"refs": b"2"}

    redis.delete(f"pec:upload:{digest}", f"pec:content:{digest}", "pec:message:m")
    entries = put_and_take(redis, redis_url, [named, {**named, "id": "o"}])

    assert rejections(redis) == {entries[1]}


def test_an_uploaded_body_without_a_text_is_rejected_as_one_in_the_job_is(
    redis: Redis, redis_url: str
) -> None:
    blank = "\ufeff \n".encode() * 500
    digest = sha256(blank)
    redis.set(f"pec:upload:{digest}", blank)

    entries = put_and_take(
        redis, redis_url, [{**a_job("m"), "body": {"sha256": digest}}, {**a_job("n"), "body": " "}]
    )

    assert rejections(redis) == set(entries)
    why: Any = redis.xrange("pec:rejected")
    assert len({fields[b"errors"] for _, fields in why}) == 1


def test_a_job_whose_commit_lost_its_reply_and_was_followed_by_others_is_not_refused(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeat a write as redis-py does, when the first is stored and the message has gone on."""
    together = Store.pipeline

    def repeated(store: Store, calls: Any) -> Any:
        together(store, calls)
        redis.hset("pec:message:m", mapping={"op": "another", "version": "9" * 13})
        return together(store, calls)

    monkeypatch.setattr(Store, "pipeline", repeated)
    put_and_take(redis, redis_url, [a_job("m"), a_job("n")])

    assert rejections(redis) == set()
    assert int(redis.zcard("pec:state:queued")) == 2


def test_a_job_costs_no_command_beside_its_commit(redis: Redis, redis_url: str) -> None:
    jobs = [{**a_job(f"m{number}"), "batch": "b"} for number in range(50)]
    with connect(redis_url) as watcher, watcher.monitor() as monitor:
        put_and_take(redis, redis_url, jobs)
        redis.echo("end")
        said = takewhile(lambda one: "ECHO" not in one["command"], iter(monitor.next_command, None))
        sent = [one["command"] for one in said if one["client_type"] != "lua"]
    assert len(sent) <= 2 * len(jobs) + 15, "an XADD of ours and a commit, and what a batch needs"


def test_a_job_is_not_refused_because_workers_were_silent_for_a_while(redis: Redis, redis_url: str) -> None:
    """Redis was away, or the only worker of an account is being restarted."""
    store = Store(redis, "pec")
    now = store.now()
    redis.zadd("pec:seen:account", {"beta": now - 60, "gone": now - 2 * prepare.SERVED_LATELY_SECONDS})
    for name in ("acme", "beta", "gone"):
        redis.xadd("pec:jobs", {"job": json.dumps({**a_job(name), "account": name})})

    Consumer(context(redis_url, store), "worker").step()

    assert {name for name in ("acme", "beta", "gone") if redis.exists(f"pec:message:{name}")} == {
        "acme",
        "beta",
    }
    assert redis.xlen("pec:rejected") == 1


def test_after_a_read_of_heavy_jobs_the_next_brings_one(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MAX_ENTRIES", 4)
    monkeypatch.setattr(consumer, "HEAVY_BYTES", 1000)
    taker = Consumer(context(redis_url, Store(redis, "pec")), "worker")
    for number in range(12):
        redis.xadd(
            "pec:jobs", {"job": json.dumps({**a_job(f"m{number}"), "body": "x" * (500 if number < 4 else 1)})}
        )

    left = [redis.xlen("pec:jobs") for _ in range(4) if taker.step() == 0]

    assert left == [8, 7, 5, 1]


def test_a_job_may_name_what_this_process_serves_before_it_has_said_so(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    endpoint = Endpoint(name="crm", url="https://crm.example", secret=SecretStr(a_secret()))
    redis.xadd("pec:jobs", {"job": json.dumps({**a_job("m"), "webhook": "crm"})})

    Consumer(context(redis_url, store, webhooks=Webhooks(endpoints=[endpoint])), "worker").step()

    assert redis.hget("pec:message:m", "state") == b"queued"


def test_a_rejection_is_an_event_without_content_or_credentials(redis: Redis, redis_url: str) -> None:
    bad = {**a_job("inv-1"), "recipient": "none", "batch": "b", "subject": "Segreto", "password": "hunter2"}

    [entry] = put_and_take(redis, redis_url, [bad])

    events: Any = redis.xrange("pec:events")
    [(_, fields)] = events
    event = json.loads(fields[b"event"])
    assert fields[b"type"] == b"job.rejected"
    assert set(fields) == {b"id", b"type", b"event"}
    assert {**event["data"], "errors": None} == {
        "entry": entry.decode(),
        "job_type": "send",
        "id": "inv-1",
        "account": "acme",
        "batch": "b",
        "errors": None,
    }
    assert {one["field"] for one in event["data"]["errors"]} == {"recipient", "password"}
    assert "hunter2" not in str(fields)
    assert "Segreto" not in str(fields)


def test_memory_is_looked_at_again_after_each_batch(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    taker = Consumer(context(redis_url, store), "worker")
    redis.xadd("pec:jobs", {"job": json.dumps(a_job("before"))})
    while redis.xlen("pec:jobs"):
        taker.step()
    redis.xadd("pec:jobs", {"job": json.dumps(a_job("when-full"))})
    redis.config_set("maxmemory", int(redis.info("memory")["used_memory"]) + 200_000)
    try:
        assert taker.step() == consumer.MEMORY_SECONDS
        assert redis.xlen("pec:jobs") == 1, "it waits, and is not lost"
    finally:
        redis.config_set("maxmemory", "0")


def test_big_jobs_are_taken_few_at_a_time() -> None:
    """So that a hundred of them don't stand in memory beside each other."""
    entries = [Entry(f"{number}-0", b"x" * 400_000, 1) for number in range(7)]

    few = list(consumer._by_size(entries))

    assert [len(one) for one in few] == [3, 3, 1]
    assert [entry for one in few for entry in one] == entries
