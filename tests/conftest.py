"""Fixtures of every ring of tests: one real server for the session, empty at the start of each test."""

import gc
import os
from collections.abc import Iterator
from itertools import chain, groupby, islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServer, EmbeddedServerError, server_program

gc.disable()  # while tests are collected, a quarter of the time went into looking for garbage among them
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # a machine that runs several tests at once is no failure

ACCEPTANCE, UNIT = (Path(__file__).parent / ring for ring in ("acceptance", "unit"))
TOGETHER = {
    "test_consumers",
    "test_examples",
    "test_gateway_examples",
    "test_image",
    "test_operations",
}  # their tests share programs that run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal acceptance tests evenly to the processes of xdist, then integration tests by file, then unit tests.

    The first wait more than they work and can take half a minute each. Short tests come last, so that no process ends
    long after the others: each starts with its share of the list, and one that has finished takes the end of another's.
    """
    processes: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes == 1:
        return
    slow = [one for one in items if not one.path.is_relative_to(UNIT)]
    groups = [list(tests) for _, tests in groupby(slow, key=_group)]
    short = iter([one for one in items if one.path.is_relative_to(UNIT)])
    size = -(-len(items) // processes)
    dealt: list[pytest.Item] = []
    for process in range(processes):
        mine = list(chain.from_iterable(groups[process::processes]))
        dealt += [*mine, *islice(short, max(0, size - len(mine)))]
    items[:] = [*dealt, *short]


def pytest_collection_finish() -> None:
    """Collect garbage from now on, and leave out what was collected: thousands of tests and their modules."""
    gc.freeze()
    gc.enable()


def _group(test: pytest.Item) -> str:
    is_alone = test.path.is_relative_to(ACCEPTANCE) and test.path.stem not in TOGETHER
    return test.nodeid if is_alone else str(test.path)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_this_machine() -> Iterator[None]:
    """Keep a developer's real Redis, token, mailbox and language out of tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [one for one in os.environ if one.upper().startswith("PEC_")]:
            environment.delenv(name)
        environment.setenv("LC_ALL", "C.UTF-8")  # English, whatever the machine speaks
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The session's server. A test that kills or stops one runs its own."""
    _require_server_program()
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def redis_url(server: EmbeddedServer) -> str:
    """Return the URL of the session's server; use it with `redis`, which empties it."""
    return server.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of the session's server, whose databases are all empty."""
    with connect(redis_url) as client:
        client.flushall()
        yield client


def _require_server_program() -> None:
    try:
        server_program()
    except EmbeddedServerError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs a server: {error}")
        pytest.skip(str(error))
