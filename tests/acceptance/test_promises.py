"""The promises, as apps and operators meet them: jobs by plain XADD, real workers, which are really killed."""

import base64
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from pec.messages import Reason
from pec.store import batches
from pec.store.store import Store
from tests.acceptance.site import ENDS, PASSWORD, TOKEN, Site, eventually, site

GOOD = {"recipient": "consegna@pec.example", "subject": "Oggetto perché è così"}


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


def _has_sent(at: Site, least: int) -> bool:
    return len(at.sent()) >= least


def test_killed_workers_lose_nothing_and_send_nothing_twice(at: Site) -> None:
    ids = [f"m{number}" for number in range(40)]
    for number, message_id in enumerate(ids):
        at.add(id=message_id, recipient=f"consegna+{number}@pec.example", subject=f"Avviso n. {number}")
    for sent_by_then in (5, 15, 25):
        with at.workers() as process:
            eventually(partial(_has_sent, at, sent_by_then))
            at.kill(process)
    with at.workers():
        eventually(lambda: all(at.state(one) in (*ENDS, "held") for one in ids), seconds=60)

    states = Counter(at.state(one) for one in ids)
    times = Counter(recipient for one in at.sent() for recipient in one["recipients"])
    assert max(times.values()) == 1
    assert states["delivered"] == len(times), (
        "what was sent is delivered; what was not is held for an operator"
    )
    assert states["delivered"] + states["held"] == len(ids)


def test_worker_processes_end_with_their_master(at: Site) -> None:
    """One that is left alone would go on sending after an operator stopped all that he sees."""
    with at.workers() as process:
        children = _children(process.pid)
        eventually(lambda: at.log.read_text().count("ready for action") == len(children) == 2)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        eventually(lambda: not any(_works(child) for child in children))


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _works(pid: int) -> bool:
    """A zombie, which no process has reaped, has no command line any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text() != ""
    except FileNotFoundError:
        return False


def test_sends_keep_their_distance_across_processes(at: Site) -> None:
    with at.workers(processes=4):
        for number in range(60):
            at.add(id=f"m{number}", **GOOD)
        eventually(lambda: len(at.sent()) == 60)
    times = sorted(float(one["received_at"]) for one in at.sent())
    # On a busy machine two may arrive together, but not ten.
    assert min(later - earlier for earlier, later in zip(times, times[10:], strict=False)) > 0.8 * 10 / 20
    assert times[-1] - times[0] > 0.95 * (len(times) - 1) / 20


def test_a_refused_send_pauses_its_account_and_no_cap_counts_it(at: Site, redis: Redis) -> None:
    refusal = {"operation": "POST /send", "status": 401, "body": {"success": False}}
    requests.post(f"{at.sandbox_url}/_sandbox/fault", json=refusal, timeout=30).raise_for_status()
    with at.workers(PEC_API__DAILY_CAP="1"):
        at.add(id="m", **GOOD)
        eventually(lambda: redis.hget("pec:account:acme", "paused") == b"credentials")
        [limiter] = redis.scan_iter("pec:limiter:*")
        eventually(lambda: redis.hget(limiter, "day_count") == b"0")
    assert at.state("m") == "queued"


def _send(**fields: Any) -> str:
    job = {"type": "send", "id": "bad", "account": "acme", "body": "x", **GOOD, **fields}
    return json.dumps({name: value for name, value in job.items() if value is not None})


BAD_JOBS = {
    "not JSON": ("{]", "job", "is not JSON"),
    "no id": (_send(id=None), "id", "is missing"),
    "an unknown account": (_send(account="nobody"), "account", "known: acme"),
    "a bad address": (_send(recipient="mario rossi"), "recipient", "is not an e-mail address"),
    "a body of 40 MB": (_send(body="x" * 40_000_000), "body", "at most 30 MB"),
    "an attachment that is not base64": (
        _send(attachments=[{"name": "a.pdf", "file": "%PDF"}]),
        "attachments.0.file",
        "is not base64",
    ),
    "a stray field": (_send(subjct="x"), "subjct", "did you mean subject?"),
    "credentials inside": (_send(password="my-own-password"), "password", "carries no credentials"),
    "bytes that nobody uploaded": (
        _send(body={"sha256": "0" * 64}),
        "body.sha256",
        "no bytes at pec:upload:",
    ),
    "a webhook that is not configured": (_send(webhook="crm"), "webhook", "is not the name of"),
}


def test_bad_jobs_are_rejected_with_words_and_good_ones_go_on(at: Site, redis: Redis) -> None:
    with at.workers():
        for what, (job, field, words) in BAD_JOBS.items():
            rejected = at.rejection(at.add_raw(job))
            [error, *_] = json.loads(rejected["errors"])
            assert error["field"] == field, what
            assert words in error["reason"], what
            assert "my-own-password" not in str(rejected)
        at.add(id="good", **GOOD, attachments=[{"name": "a.txt", "file": base64.b64encode(b"a").decode()}])
        eventually(lambda: at.state("good") == "delivered")

        at.add(id="good", **GOOD, attachments=[{"name": "a.txt", "file": base64.b64encode(b"a").decode()}])
        conflict = at.rejection(at.add(id="good", **{**GOOD, "subject": "Un altro"}))
        assert "used before" in conflict["errors"]
        eventually(lambda: redis.xlen("pec:jobs") == 0)
    assert len(at.sent()) == 1
    _assert_no_secret_anywhere(at, redis)


def _assert_no_secret_anywhere(at: Site, redis: Redis) -> None:
    dumped = b"".join(redis.dump(key) or b"" for key in redis.scan_iter())
    log = at.log.read_bytes()
    for secret in (PASSWORD.encode(), TOKEN.encode()):
        assert secret not in dumped
        assert secret not in log
    assert b"my-own-password" not in dumped + log


def test_cancelled_and_timed_messages_are_not_sent(at: Site) -> None:
    at.add_raw(json.dumps({"type": "cancel", "id": "too-soon"}))
    with at.workers():
        at.add(id="too-soon", **GOOD)
        at.add(id="later", **GOOD, not_before="2999-01-01T00:00:00Z")
        at.add(id="too-late", **GOOD, not_after="2020-01-01T00:00:00Z")
        eventually(lambda: at.state("too-late") == "expired")
        eventually(lambda: at.state("too-soon") == "cancelled")
        eventually(lambda: at.state("later") == "queued")
        at.add_raw(json.dumps({"type": "cancel", "id": "later"}))
        eventually(lambda: at.state("later") == "cancelled")
    assert at.sent() == []


def test_a_batch_reports_its_completion_once(at: Site, redis: Redis) -> None:
    with at.workers():
        at.add_raw(json.dumps({"type": "batch", "id": "b", "size": 3}))
        at.add(
            id="pair",
            recipient=["consegna@pec.example", "mancata-consegna@pec.example"],
            subject="A",
            batch="b",
        )
        at.add(id="one", **GOOD, batch="b")
        eventually(lambda: redis.hget("pec:batch:b", "completed_at"))
    assert [at.state(one) for one in ("pair#1", "pair#2", "one")] == ["delivered", "undelivered", "delivered"]
    events: Any = redis.xrange("pec:events")
    [completed] = [
        json.loads(fields[b"event"]) for _, fields in events if fields[b"type"] == b"batch.completed"
    ]
    assert completed["data"] == {"batch": "b", "size": 3, "counts": {"delivered": 2, "undelivered": 1}}


@pytest.mark.parametrize("seed", [1, 2])
def test_pauses_of_a_batch_while_workers_are_killed_lose_nothing_and_send_nothing_twice(
    at: Site, redis: Redis, seed: int
) -> None:
    """Half of the commands are killed half way too: what they leave undone, workers do."""
    chance, store = random.Random(seed), Store(redis, "pec")
    ids = [f"m{number}" for number in range(60)]
    rest = iter(ids)

    def add(count: int) -> None:
        for message_id in islice(rest, count):
            at.add(id=message_id, batch="b", recipient=f"consegna+{message_id}@pec.example", subject="Avviso")
        eventually(lambda: redis.xlen("pec:jobs") == 0)

    def pause_or_resume() -> None:
        match chance.randrange(4):
            case 0:
                batches.pause(store, "b", Reason("operator", "paused by an operator"))
            case 1:
                store.run("pause_batch", "b", store.now(), "{}")
            case 2:
                batches.resume(store, "b")
            case 3:
                store.run("resume_batch", "b")

    for _ in range(4):
        with at.workers() as process:
            for _ in range(6):
                add(2)
                pause_or_resume()
            at.kill(process)
    with at.workers():
        add(len(ids))
        at.add(id="other", **GOOD)
        batches.pause(store, "b", Reason("operator", "paused by an operator"))
        eventually(lambda: at.state("other") == "delivered")
        assert redis.zcard("pec:parked:b") > 0
        store.run("resume_batch", "b")
        eventually(lambda: all(at.state(one) in (*ENDS, "held") for one in ids), seconds=60)

    times = Counter(recipient for one in at.sent() for recipient in one["recipients"])
    states = Counter(at.state(one) for one in ids)
    assert max(times.values()) == 1
    assert states["delivered"] == len(times) - 1  # without the other
    assert states["delivered"] + states["held"] == len(ids)
    assert not redis.exists("pec:parked:b", "pec:paused")
