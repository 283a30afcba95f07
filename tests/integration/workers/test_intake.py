"""A job that kills whoever takes it is rejected in the end, and does no harm to those that came with it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from config.settings import Account, Settings
from pec.api.client import PecClient
from pec.jobs import parse
from pec.store import presence
from pec.store.store import Store
from tests.wire import eventually
from workers import intake
from workers.intake import Intake
from workers.kit import Kit

GOOD = ("good1", "good2", "good3")


def _deadly(job: bytes) -> Any:
    if b'"bad"' in job:
        raise SystemExit("as SIGKILL would")
    return parse(job)


def test_a_deadly_job_is_rejected_alone(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(redis, "pec")
    presence.vouch(store, {"account": ["acme"]}, 60)
    for job_id in ("bad", *GOOD):
        redis.xadd("pec:jobs", {"job": json.dumps(_job(job_id))})
    monkeypatch.setattr(intake, "parse", _deadly)
    monkeypatch.setattr(intake, "RECLAIM_SECONDS", 0)

    def until_all_is_taken() -> bool:
        taker = Intake(_kit(redis_url, store), "worker", taken=lambda: None)
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
    presence.vouch(store, {"account": ["acme"]}, 60)
    jobs = [
        _job("m"),
        {"type": "cancel", "id": "m"},
        {"type": "cancel", "id": "later"},
        {"type": "cancel", "batch": "b"},
    ]
    for job in jobs:
        redis.xadd("pec:jobs", {"job": json.dumps(job)})
    taker = Intake(
        _kit(redis_url, store, reconcile_since=datetime(2026, 1, 1, tzinfo=UTC)), "worker", lambda: None
    )

    while redis.xlen("pec:jobs"):
        taker.step()

    assert redis.hget("pec:message:m", "state") == b"queued"
    assert redis.xlen("pec:rejected") == 3
    assert list(redis.scan_iter("pec:cancelled:*")) == [], "nor is one remembered for what comes again"


def _job(job_id: str) -> dict[str, str]:
    fields = {"account": "acme", "recipient": "a@pec.example", "subject": "S", "body": "x"}
    return {"type": "send", "id": job_id, **fields}


def _kit(redis_url: str, store: Store, **more: Any) -> Kit:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account}, lease=0.02, **more)
    return Kit(settings, store, PecClient(settings.api))
