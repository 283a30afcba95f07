"""A claim waits for replicas: also where its reply was lost and it is said again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.redis_connection import connect
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import State
from pec.store import commits
from pec.store.commits import Commit, TooFewReplicas, commit_to_replicas
from pec.store.store import Store
from tests.integration.pec.store.replicas import replicated, stopped

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEW = Message(
    id="m", account="acme", recipients=("a@pec.example",), subject="s", state=State.QUEUED,
    created_at=NOW, updated_at=NOW,
)  # fmt: skip


def test_a_claim_that_a_replica_has_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "CLAIM_MILLISECONDS", 4000)  # on a busy machine a replica may take a second
    with replicated(tmp_path) as (store, _, _):
        commit_to_replicas(store, enqueued(NEW, NOW))


def test_a_claim_said_again_because_its_reply_was_lost_waits_for_the_replica_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "unique", lambda: "the-op")
    change = enqueued(NEW, NOW)
    with replicated(tmp_path) as (store, url, replica), connect(url) as other, stopped(replica):
        commits.apply(Store(other, "pec"), Commit([change]))  # its reply was lost
        with pytest.raises(TooFewReplicas):
            commit_to_replicas(store, change)
