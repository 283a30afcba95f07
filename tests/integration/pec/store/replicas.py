"""A store whose primary has one replica, which can be stopped."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.wire import eventually


@contextmanager
def replicated(folder: Path) -> Iterator[tuple[Store, str, EmbeddedServer]]:
    """The store of a primary, where that is, and its replica."""
    with (
        EmbeddedServer(folder / "primary", port=0) as primary,
        EmbeddedServer(folder / "replica", port=0) as replica,
        connect(primary.url) as client,
        connect(replica.url) as copy,
    ):
        copy.replicaof("127.0.0.1", str(urlsplit(primary.url).port))
        eventually(lambda: _connected(client) == 1)
        yield Store(client, "pec", replicas=1), primary.url, replica


def _connected(client: Redis) -> int:
    return int(client.wait(1, 100))


@contextmanager
def stopped(server: EmbeddedServer) -> Iterator[None]:
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
