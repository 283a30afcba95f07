"""The settings and the Redis that a command works with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.redis_connection import check
from config.settings import Settings, load_settings
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
    """Yield a session whose Redis answers. Raise SettingsError or RedisUnreachable."""
    settings = load_settings()
    with Producer(settings.redis_url, settings.namespace) as producer:
        check(producer.store.client)
        yield Session(settings, producer)
