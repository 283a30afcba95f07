"""A job that kills every worker that takes it is rejected in the end, and does not harm the jobs beside it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Account, Endpoint, Settings, Webhooks
from pec.api.client import PecClient
from pec.content import sha256
from pec.jobs import parse
from pec.store import heartbeat, records
from pec.store.job_stream import Entry
from pec.store.store import Store
from tests.receiver import a_secret
from tests.wire import eventually
from workers.context import WorkerContext
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
        redis.xadd("pec:jobs", {"job": json.dumps(_job(job_id))})
    monkeypatch.setattr(consumer, "parse", _deadly)
    monkeypatch.setattr(consumer, "RECLAIM_SECONDS", 0)

    def until_all_is_taken() -> bool:
        taker = Consumer(_ctx(redis_url, store), "worker", taken=lambda: None)
        with suppress(SystemExit):
            while redis.xlen("pec:jobs"):
                taker.step()
        return redis.xlen("pec:jobs") == 0

    eventually(until_all_is_taken)
    rejected: Any = redis.xrange("pec:rejected")
    assert [json.loads(fields[b"errors"])[0]["field"] for _, fields in rejected] == ["job"]
    assert all(redis.hget(f"pec:message:{one}", "state") == b"queued" for one in GOOD)


def test_after_a_restore_nothing_is_cancelled_that_may_have_been_sent(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    jobs = [
        _job("m"),
        {"type": "cancel", "id": "m"},
        {"type": "cancel", "id": "later"},
        {"type": "cancel", "batch": "b"},
    ]
    for job in jobs:
        redis.xadd("pec:jobs", {"job": json.dumps(job)})
    taker = Consumer(
        _ctx(redis_url, store, reconcile_since=datetime(2026, 1, 1, tzinfo=UTC)), "worker", lambda: None
    )

    while redis.xlen("pec:jobs"):
        taker.step()

    assert redis.hget("pec:message:m", "state") == b"queued"
    assert redis.xlen("pec:rejected") == 3
    assert list(redis.scan_iter("pec:cancelled:*")) == [], "nor is one remembered for what comes again"


def test_jobs_read_together_are_each_judged_by_themselves_and_in_their_order(
    redis: Redis, redis_url: str
) -> None:
    jobs: list[dict[str, Any]] = [
        _job("m"),
        _job("m"),  # again
        {**_job("m"), "subject": "another"},
        {**_job("n"), "account": "nobody"},
        _job("early"),
        {"type": "cancel", "id": "early"},
        {"type": "cancel", "id": "late"},
        {**_job("late"), "recipient": ["a@pec.example", "b@pec.example"]},
        {"type": "poll", "id": "p", "account": "acme", "code": "2020082610003492"},
        {**_job("o"), "batch": "b"},
        {"type": "batch", "id": "b", "size": 3},
    ]

    entries = _taken(redis, redis_url, jobs)

    assert _rejected(redis) == {entries[2], entries[3]}
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
    two = [json.dumps(_job(one)) for one in ("first", "second")]
    client: Any = redis
    entry = client.execute_command("XADD", "pec:jobs", "*", "job", two[0], "job", two[1])
    redis.xadd("pec:jobs", {"trace": "t-1", "job": json.dumps(_job("beside"))})
    taker = Consumer(_ctx(redis_url, store), "worker", lambda: None)

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
    named = {**_job("m"), "body": {"sha256": digest}}
    redis.set(f"pec:upload:{digest}", b"<p>")
    _taken(redis, redis_url, [named, {**named, "id": "n"}])
    assert redis.hgetall(f"pec:content:{digest}") == {b"data": b"<p>", b"refs": b"2"}

    redis.delete(f"pec:upload:{digest}", f"pec:content:{digest}", "pec:message:m")
    entries = _taken(redis, redis_url, [named, {**named, "id": "o"}])

    assert _rejected(redis) == {entries[1]}


def test_an_uploaded_body_without_a_text_is_rejected_as_one_in_the_job_is(
    redis: Redis, redis_url: str
) -> None:
    blank = "\ufeff \n".encode() * 500
    digest = sha256(blank)
    redis.set(f"pec:upload:{digest}", blank)

    entries = _taken(
        redis, redis_url, [{**_job("m"), "body": {"sha256": digest}}, {**_job("n"), "body": " "}]
    )

    assert _rejected(redis) == set(entries)
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
    _taken(redis, redis_url, [_job("m"), _job("n")])

    assert _rejected(redis) == set()
    assert int(redis.zcard("pec:state:queued")) == 2


def test_a_job_costs_no_command_beside_its_commit(redis: Redis, redis_url: str) -> None:
    jobs = [{**_job(f"m{number}"), "batch": "b"} for number in range(50)]
    with connect(redis_url) as watcher, watcher.monitor() as monitor:
        _taken(redis, redis_url, jobs)
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
        redis.xadd("pec:jobs", {"job": json.dumps({**_job(name), "account": name})})

    Consumer(_ctx(redis_url, store), "worker", lambda: None).step()

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
    taker = Consumer(_ctx(redis_url, Store(redis, "pec")), "worker", lambda: None)
    for number in range(12):
        redis.xadd(
            "pec:jobs", {"job": json.dumps({**_job(f"m{number}"), "body": "x" * (500 if number < 4 else 1)})}
        )

    left = [redis.xlen("pec:jobs") for _ in range(4) if taker.step() == 0]

    assert left == [8, 7, 5, 1]


def test_a_cancelled_batch_names_messages_that_only_a_newer_version_can_cancel(
    redis: Redis, redis_url: str
) -> None:
    jobs = [{**_job(name), "batch": "b"} for name in ("m", "n")]
    _taken(redis, redis_url, jobs)
    redis.hset("pec:message:m", "state", "archived")

    entries = _taken(redis, redis_url, [{"type": "cancel", "batch": "b"}])

    assert _rejected(redis) == set(entries)
    assert redis.hget("pec:message:n", "state") == b"cancelled"


def test_a_cancelled_batch_leaves_alone_what_is_sent(redis: Redis, redis_url: str) -> None:
    _taken(redis, redis_url, [{**_job(name), "batch": "b"} for name in ("m", "n")])
    redis.hset("pec:message:m", "state", "sent")

    _taken(redis, redis_url, [{"type": "cancel", "batch": "b"}])

    assert _rejected(redis) == set()
    assert [redis.hget(f"pec:message:{name}", "state") for name in "mn"] == [b"sent", b"cancelled"]


def test_who_cancels_what_is_sent_is_reported(redis: Redis, redis_url: str) -> None:
    _taken(redis, redis_url, [_job("m")])
    redis.hset("pec:message:m", "state", "sent")

    entries = _taken(redis, redis_url, [{"type": "cancel", "id": "m"}])

    assert _rejected(redis) == set(entries)


def test_a_cancel_whose_send_was_taken_meanwhile_cancels_it(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _taken(redis, redis_url, [_job("m")])
    ids_of_job, asked = records.ids_of_job, list[str]()

    def not_yet(store: Store, job_id: str) -> list[str]:
        asked.append(job_id)
        return [] if len(asked) == 1 else ids_of_job(store, job_id)

    monkeypatch.setattr(records, "ids_of_job", not_yet)
    _taken(redis, redis_url, [{"type": "cancel", "id": "m"}])

    assert redis.hget("pec:message:m", "state") == b"cancelled"


def test_a_job_may_name_what_this_process_serves_before_it_has_said_so(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    endpoint = Endpoint(name="crm", url="https://crm.example", secret=SecretStr(a_secret()))
    redis.xadd("pec:jobs", {"job": json.dumps({**_job("m"), "webhook": "crm"})})

    Consumer(_ctx(redis_url, store, webhooks=Webhooks(endpoints=[endpoint])), "worker", lambda: None).step()

    assert redis.hget("pec:message:m", "state") == b"queued"


def test_a_rejection_is_an_event_without_content_or_credentials(redis: Redis, redis_url: str) -> None:
    bad = {**_job("inv-1"), "recipient": "none", "batch": "b", "subject": "Segreto", "password": "hunter2"}

    [entry] = _taken(redis, redis_url, [bad])

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


def _taken(redis: Redis, redis_url: str, jobs: list[dict[str, Any]]) -> list[Any]:
    """Puts them in and takes them, in one batch. Returns their entries."""
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    entries = [redis.xadd("pec:jobs", {"job": json.dumps(job)}) for job in jobs]
    Consumer(_ctx(redis_url, store), "worker", lambda: None).step()
    assert redis.xlen("pec:jobs") == 0
    return entries


def _rejected(redis: Redis) -> set[Any]:
    found: Any = redis.xrange("pec:rejected")
    return {fields[b"entry"] for _, fields in found}


def _job(job_id: str) -> dict[str, str]:
    fields = {"account": "acme", "recipient": "a@pec.example", "subject": "S", "body": "x"}
    return {"type": "send", "id": job_id, **fields}


def _ctx(redis_url: str, store: Store, **more: Any) -> WorkerContext:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account}, lease_seconds=0.02, **more)
    return WorkerContext(settings, store, PecClient(settings.api))


def test_memory_is_looked_at_again_after_each_batch(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    taker = Consumer(_ctx(redis_url, store), "worker", lambda: None)
    redis.xadd("pec:jobs", {"job": json.dumps(_job("before"))})
    while redis.xlen("pec:jobs"):
        taker.step()
    redis.xadd("pec:jobs", {"job": json.dumps(_job("when-full"))})
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
