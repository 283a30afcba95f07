"""A claim waits for replicas: also where its reply was lost and it is said again."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import State
from pec.store import commits
from pec.store.commits import Commit, TooFewReplicas, commit_to_replicas
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.wire import eventually

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEW = Message(
    id="m", account="acme", recipients=("a@pec.example",), subject="s", state=State.QUEUED,
    created_at=NOW, updated_at=NOW,
)  # fmt: skip


def test_a_claim_that_a_replica_has_goes_on(tmp_path: Path) -> None:
    with _replicated(tmp_path) as (store, _, _):
        commit_to_replicas(store, enqueued(NEW, NOW))


def test_a_claim_said_again_because_its_reply_was_lost_waits_for_the_replica_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "the-op")
    change = enqueued(NEW, NOW)
    with _replicated(tmp_path) as (store, url, replica), connect(url) as other, _stopped(replica):
        commits.apply(Store(other, "pec"), Commit([change]))  # its reply was lost
        with pytest.raises(TooFewReplicas):
            commit_to_replicas(store, change)


@contextmanager
def _replicated(folder: Path) -> Iterator[tuple[Store, str, EmbeddedServer]]:
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
def _stopped(server: EmbeddedServer) -> Iterator[None]:
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
