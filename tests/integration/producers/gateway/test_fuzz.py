"""Both surfaces under whatever their descriptions allow, and more: Schemathesis makes requests, and follows links."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.fuzz.gateway import SANDBOX, SURFACES, fuzz
from tests.integration.producers.gateway.serving import Served, a_token, serving
from tests.integration.sandbox.serving import serving as serving_sandbox

SHORT = ("--phases", "examples,fuzzing,stateful", "--max-examples", "5", "--seed", "1", "--workers", "1")


@pytest.fixture(scope="module")
def passing(server: EmbeddedServer) -> Iterator[Served]:
    with connect(server.url) as client, serving_sandbox(*SANDBOX) as sandbox:
        client.flushall()
        api = {"PEC_API__URL": sandbox.url, "PEC_API__READ_RATE": "1000"}
        with serving(Store(client, "pec"), server.url, environment=api) as served:
            yield served


@pytest.fixture
def gateway(passing: Served, redis: Redis, store: Store) -> Served:
    return replace(passing, token=a_token(store))


@pytest.mark.parametrize("surface", SURFACES)
def test_no_request_breaks_it(gateway: Served, tmp_path: Path, surface: str) -> None:
    fuzzed = fuzz(gateway, surface, tmp_path, *SHORT, seconds=150)

    assert fuzzed.returncode == 0, fuzzed.stdout
    assert "Stateful" in fuzzed.stdout
    assert gateway.call("GET", "/health/live").status_code == 200
