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
    with closing(connect(settings.redis_url)) as client:
        check(client)
        yield Session(settings, Store(client, settings.namespace))
