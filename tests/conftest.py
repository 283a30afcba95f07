"""Fixtures of every ring of tests: one real server for the session, empty at the start of each test."""

import os
from collections.abc import Iterator

import pytest
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServer, EmbeddedServerError, server_program


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
