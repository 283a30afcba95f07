"""A worker's context whose API is the sandbox, in a process of its own for each test module."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from pec.api.client import PecClient
from pec.store import accounts, room
from pec.store.store import Store
from tests.dovecot import Dovecot
from tests.integration.sandbox.serving import AT_ONCE, SENDER, TOKEN, Served, serving
from tests.integration.workers.archiving import archived
from tests.integration.workers.imap_mailbox import Mailbox, MakeMailbox, reading
from workers.context import WorkerContext


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(*AT_ONCE) as found:
        yield found


@pytest.fixture
def ctx(redis: Redis, redis_url: str, served: Served) -> Iterator[WorkerContext]:
    account = {"sender": SENDER, "username": SENDER, "password": "password"}
    settings = Settings.model_validate(
        {
            "redis_url": redis_url,
            "api": {"url": served.url, "token": TOKEN, "read_rate": 1000},
            "accounts": {"acme": account},
        }
    )
    store = Store(redis, "pec")
    with closing(PecClient(settings.api)) as client:
        ctx = WorkerContext(settings, store, client)
        ctx.sync_clock()
        accounts.register(store, "acme", ctx.token("acme"))
        room.note_reading(store, "acme", 0, 1 << 30, settings.quota.pause_ratio, 0)
        yield ctx


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of the archive, which is made at its first use."""
    return tmp_path / "archive"


@pytest.fixture
def with_archive(ctx: WorkerContext, root: Path) -> WorkerContext:
    return archived(ctx, root)


@pytest.fixture
def mailbox_with(
    ctx: WorkerContext, dovecot: Dovecot, root: Path, request: pytest.FixtureRequest
) -> Iterator[MakeMailbox]:
    """Makes the test's mailbox, read with these settings."""
    user, made = f"u{abs(hash(request.node.nodeid))}", list[Mailbox]()

    def make(**settings: Any) -> Mailbox:
        made.append(Mailbox(reading(ctx, dovecot, user, root, **settings), dovecot, user))
        return made[-1]

    yield make
    for one in made:
        one.ctx.imap_sessions.close_idle(0)
