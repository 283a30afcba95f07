"""Jobs as their JSON stands in the stream, and the consumer that takes them."""

import json
from typing import Any

from pydantic import SecretStr
from redis import Redis

from config.settings import Account, Settings
from pec.api.client import PecClient
from pec.store import heartbeat
from pec.store.store import Store
from workers.context import WorkerContext
from workers.intake.consumer import Consumer


def put_and_take(redis: Redis, redis_url: str, jobs: list[dict[str, Any]]) -> list[Any]:
    """Puts them in and takes them, in one batch. Returns their entries."""
    store = Store(redis, "pec")
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    entries = [redis.xadd("pec:jobs", {"job": json.dumps(job)}) for job in jobs]
    Consumer(context(redis_url, store), "worker").step()
    assert redis.xlen("pec:jobs") == 0
    return entries


def rejections(redis: Redis) -> set[Any]:
    found: Any = redis.xrange("pec:rejected")
    return {fields[b"entry"] for _, fields in found}


def a_job(job_id: str) -> dict[str, str]:
    fields = {"account": "acme", "recipient": "a@pec.example", "subject": "S", "body": "x"}
    return {"type": "send", "id": job_id, **fields}


def context(redis_url: str, store: Store, **more: Any) -> WorkerContext:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account}, lease_seconds=0.02, **more)
    return WorkerContext(settings, store, PecClient(settings.api))
