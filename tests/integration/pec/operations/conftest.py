"""The store of an empty Redis."""

import pytest
from redis import Redis

from pec.store.store import Store


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis, "pec")
