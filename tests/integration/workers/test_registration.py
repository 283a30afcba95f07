"""A worker process that boots while Redis takes no writes is known to all as soon as Redis does."""

import threading
from typing import Any

from pydantic import SecretStr
from redis import Redis

from config.settings import Account, Settings
from pec.api.client import PecClient
from pec.store import presence
from pec.store.store import Store
from tests.wire import eventually
from workers.kit import Kit
from workers.middleware.registration import Registration


class _Booting:
    """What Dramatiq hands over of a worker."""

    consumer_whitelist = None
    worker_threads = 8


def test_a_worker_that_boots_while_redis_refuses_writes_is_known_later(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account})
    registration = Registration(Kit(settings, store, PecClient(settings.api)), "w1")
    worker: Any = _Booting()
    booting = threading.Thread(target=registration.before_worker_boot, args=[worker, worker])
    redis.replicaof("127.0.0.1", "1")
    try:
        booting.start()
        booting.join(0.3)
        assert booting.is_alive(), "it waits for Redis"
    finally:
        redis.replicaof("NO", "ONE")

    eventually(lambda: presence.vouched(store, "account") == {"acme"})
    booting.join(10)
    registration.after_worker_shutdown(worker, worker)
