"""One gateway for a module's tests; each test has a token of its own in an empty Redis."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import Served, a_token, serving


@pytest.fixture(scope="module")
def running(server: EmbeddedServer) -> Iterator[Served]:
    with connect(server.url) as client:
        client.flushall()
        with serving(Store(client, "pec"), server.url) as served:
            yield served


@pytest.fixture
def gateway(running: Served, redis: Redis, store: Store) -> Served:
    return replace(running, token=a_token(store))
