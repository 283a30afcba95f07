"""The settings of this process and the store that they name: every operation works with both."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from config.redis_connection import check, connect
from config.settings import Settings, load_settings
from pec.store.store import Store


@dataclass(frozen=True, slots=True)
class Session:
    """Settings, and a store whose Redis answered."""

    settings: Settings
    store: Store


@contextmanager
def open_session(**patience: Any) -> Iterator[Session]:
    """Yield a session. Raise SettingsError or RedisUnreachable. `patience`: options of `connect`."""
    settings = load_settings()
    with open_store(settings, **patience) as store:
        check(store.client)
        yield Session(settings, store)


@contextmanager
def open_store(settings: Settings, **patience: Any) -> Iterator[Store]:
    """Yield the store of these settings, whose Redis may not answer."""
    with closing(connect(settings.redis_url, **patience)) as client:
        yield Store(client, settings.namespace, settings.redis_replicas)
