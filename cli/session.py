"""What a command works with: the settings, and a Redis that answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from config.redis_connection import check
from config.settings import Settings, load_settings
from pec.store import heartbeat
from pec.store.store import Store
from producers.producer import Producer


@dataclass(frozen=True, slots=True)
class Session:
    """The settings of this process, and the producer that they name."""

    settings: Settings
    producer: Producer

    @property
    def store(self) -> Store:
        return self.producer.store


@contextmanager
def open_session() -> Iterator[Session]:
    """Raises SettingsError, and RedisUnreachable."""
    settings = load_settings()
    with Producer(settings.redis_url, settings.namespace) as producer:
        check(producer.store.client)
        yield Session(settings, producer)


def no_worker_runs(store: Store) -> bool:
    """False also where it can't be told: what was enqueued is in, whatever a producer's user may not ask."""
    try:
        return not heartbeat.live(store, "worker")
    except redis.RedisError:
        return False
