"""A mailbox of Dovecot for each test, read by IMAP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dovecot import Dovecot
from tests.integration.workers.imap_mailbox import (
    Mailbox,
    MakeMailbox,
    reading,
)
from workers.context import WorkerContext


@pytest.fixture
def mailbox_with(
    ctx: WorkerContext, dovecot: Dovecot, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[MakeMailbox]:
    """Makes the test's mailbox, read with these IMAP settings."""
    user, made = f"u{abs(hash(request.node.nodeid))}", list[Mailbox]()

    def make(**imap: Any) -> Mailbox:
        made.append(Mailbox(reading(ctx, dovecot, user, tmp_path / "archive", **imap), dovecot, user))
        return made[-1]

    yield make
    for one in made:
        one.ctx.imap_sessions.close_idle(0)


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    return mailbox_with()
