"""What a worker process tells the others, and hears from them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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


BOOTING: Any = _Booting()


def _kit(store: Store, redis_url: str, **changed: Any) -> Kit:
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(redis_url=redis_url, accounts={"acme": account}, **changed)
    return Kit(settings, store, PecClient(settings.api))


def test_a_worker_that_boots_while_redis_refuses_writes_is_known_later(redis: Redis, redis_url: str) -> None:
    store = Store(redis, "pec")
    registration, worker = Registration(_kit(store, redis_url), "w1"), BOOTING
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


def test_a_worker_that_was_not_told_of_a_restore_hears_of_it(redis: Redis, redis_url: str) -> None:
    store, backup = Store(redis, "pec"), datetime(2026, 11, 23, 2, tzinfo=UTC)
    told, untold = _kit(store, redis_url, reconcile_since=backup), _kit(store, redis_url)

    with _booted(untold):
        assert untold.reconcile_since is None, "there was none"
    with _booted(told), _booted(untold):
        assert untold.reconcile_since == backup


@contextmanager
def _booted(kit: Kit) -> Iterator[None]:
    registration = Registration(kit, str(id(kit)))
    registration.before_worker_boot(BOOTING, BOOTING)
    yield
    registration.after_worker_shutdown(BOOTING, BOOTING)
