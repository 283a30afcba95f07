"""When an endpoint is due again, if machines serve different endpoints."""

from pydantic import SecretStr
from redis import Redis

from config.settings import Endpoint, Settings, Webhooks
from pec.api.client import PecClient
from pec.names import Queue
from pec.store import outbox
from pec.store.store import Store
from tests.receiver import a_secret
from workers.context import OTHERS_SECONDS, WorkerContext
from workers.tasks.webhook import deliver


def test_an_endpoint_that_only_others_serve_is_due_again_soon(redis: Redis, redis_url: str) -> None:
    settings = Settings(redis_url=redis_url)
    ctx = WorkerContext(settings, Store(redis, "pec"), PecClient(settings.api))
    due = ctx.store.keys.due(Queue.WEBHOOK)
    redis.zadd(due, {"shop": ctx.store.now() + 60})  # the lease of this hint

    deliver(ctx, "shop")

    at = redis.zscore(due, "shop")
    assert isinstance(at, float)
    assert at <= ctx.store.now() + OTHERS_SECONDS


def test_an_endpoint_without_events_is_not_due_again(redis: Redis, redis_url: str) -> None:
    endpoint = Endpoint(name="shop", url="https://shop.example", secret=SecretStr(a_secret()))
    settings = Settings(redis_url=redis_url, webhooks=Webhooks(endpoints=[endpoint]))
    ctx = WorkerContext(settings, Store(redis, "pec"), PecClient(settings.api))
    outbox.ensure(ctx.store, ["shop"])

    deliver(ctx, "shop")

    assert redis.zscore(ctx.store.keys.due(Queue.WEBHOOK), "shop") is None
