"""The settings of this process and the store that they name: every operation works with both."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from config.redis_connection import check, connect
from config.settings import Settings, load_settings
from pec.store.store import Store


@dataclass(frozen=True, slots=True)
class Session:
    """Settings, and a store whose Redis answered."""

    settings: Settings
    store: Store


@contextmanager
def open_session() -> Iterator[Session]:
    """Yield a session. Raise SettingsError or RedisUnreachable."""
    settings = load_settings()
    with open_store(settings) as store:
        check(store.client)
        yield Session(settings, store)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Yield the store of these settings, whose Redis may not answer."""
    with closing(connect(settings.redis_url)) as client:
        yield Store(client, settings.namespace, settings.redis_replicas)
