"""A failover in the middle of a reading: what only the former primary had, the next reading takes again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.names import Queue, State
from pec.store import imap_receipts, imap_state
from pec.store.imap_state import Cursor
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.workers.archiving import unmounted
from tests.integration.workers.imap_mailbox import (
    ACCOUNT,
    CODE,
    Mailbox,
    MakeMailbox,
    accepted,
    delivered,
    sent,
    stored,
)
from tests.wire import eventually
from workers.mailbox.originals import OriginalsTaker


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedServer, EmbeddedServer]]:
    folder = tmp_path_factory.mktemp("servers")
    with (
        EmbeddedServer(folder / "one", port=0) as one,
        EmbeddedServer(folder / "two", port=0) as two,
    ):
        yield one, two


@pytest.fixture
def redis_url(servers: tuple[EmbeddedServer, EmbeddedServer]) -> str:
    return servers[0].url


@pytest.fixture
def replica(redis: Redis, servers: tuple[EmbeddedServer, EmbeddedServer]) -> Iterator[Redis]:
    """A replica of the server that `redis` and the worker's context use."""
    with connect(servers[1].url) as found:
        found.replicaof("127.0.0.1", str(_port(redis)))
        eventually(lambda: redis.wait(1, 100) == 1)
        yield found


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    return mailbox_with()


@pytest.fixture
def taken_on_the_former_primary(mailbox: Mailbox, replica: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The replica is parted while the next mails are taken, and then takes over."""
    take, client = OriginalsTaker.take, mailbox.ctx.store.client

    def taken(taker: OriginalsTaker, mails: Any) -> Any:
        monkeypatch.setattr(OriginalsTaker, "take", take)
        eventually(lambda: client.wait(1, 100) == 1)
        replica.replicaof("127.0.0.1", "1")
        others = take(taker, mails)
        _take_over(client, replica)
        return others

    monkeypatch.setattr(OriginalsTaker, "take", taken)


def _take_over(client: Redis, replica: Redis) -> None:
    """Make the replica the primary, and lead the client to it."""
    replica.replicaof("NO", "ONE")
    client.connection_pool.connection_kwargs["port"] = _port(replica)
    client.connection_pool.disconnect()
    client.connection_pool.reset()  # its connections know the former port


def _port(client: Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


@pytest.mark.usefixtures("taken_on_the_former_primary")
def test_mails_whose_originals_were_lost_are_read_again(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())

    mailbox.read()
    assert stored(mailbox.ctx)[0].state is State.SENT, "the commit is lost"
    assert (mailbox.due(Queue.ARCHIVE) or 0) <= mailbox.ctx.now().timestamp()
    mailbox.read()

    message, _ = stored(mailbox.ctx)
    assert (message.state, message.proof) == (State.DELIVERED, "originals")


@pytest.mark.usefixtures("taken_on_the_former_primary")
def test_mails_whose_notes_were_lost_while_the_archive_was_away_are_read_again(
    mailbox: Mailbox, root: Path
) -> None:
    sent(mailbox.ctx)
    assert mailbox.ctx.vault
    mailbox.ctx.vault.identity()
    mailbox.put(accepted(), delivered())
    with unmounted(root):
        mailbox.read()

    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert mailbox.revisits() == 0


def test_receipts_to_look_at_again_are_not_forgotten_with_what_they_showed(
    mailbox: Mailbox, request: pytest.FixtureRequest
) -> None:
    mailbox.put(accepted(), delivered())
    mailbox.read()
    sent(mailbox.ctx)
    request.getfixturevalue("taken_on_the_former_primary")

    mailbox.read()
    assert (stored(mailbox.ctx)[0].state, mailbox.revisits()) == (State.SENT, 2)
    mailbox.read()

    assert (stored(mailbox.ctx)[0].proof, mailbox.revisits()) == ("originals", 0)


def test_a_code_is_sought_until_what_it_found_is_kept(
    mailbox: Mailbox, request: pytest.FixtureRequest
) -> None:
    mailbox.put(accepted(), delivered())
    mailbox.read()
    sent(mailbox.ctx)
    mailbox.ctx.store.client.delete(mailbox.ctx.store.keys.imap_revisit(ACCOUNT))
    imap_receipts.seek(mailbox.ctx.store, ACCOUNT, CODE, 0)
    request.getfixturevalue("taken_on_the_former_primary")

    mailbox.read()
    assert imap_receipts.sought(mailbox.ctx.store, ACCOUNT) == [CODE]
    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert imap_receipts.sought(mailbox.ctx.store, ACCOUNT) == []


def test_after_a_failover_that_lost_a_whole_reading_the_mails_are_read_again(
    mailbox: Mailbox, replica: Redis
) -> None:
    sent(mailbox.ctx)
    client = mailbox.ctx.store.client
    eventually(lambda: client.wait(1, 100) == 1)
    replica.replicaof("127.0.0.1", "1")
    mailbox.put(accepted(), delivered())
    mailbox.read()
    assert stored(mailbox.ctx)[0].proof == "originals"

    _take_over(client, replica)
    assert stored(mailbox.ctx)[0].state is State.SENT
    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert imap_state.cursors(mailbox.ctx.store, ACCOUNT)["INBOX"].uid == 2


def test_a_server_that_keeps_its_history_to_itself_is_written_to(redis: Redis, redis_url: str) -> None:
    """A managed server may deny INFO: a reading is not compared there, and goes on."""
    redis.acl_setuser(
        "plain", enabled=True, passwords=["+secret"], categories=["+@all"], commands=["-info"], keys=["*"]
    )
    with Redis.from_url(redis_url, username="plain", password="secret") as client:
        store = Store(client, "pec")
        history = imap_state.begin(store, ACCOUNT, "reader", 1.0)
        assert history == ""
        imap_state.set_cursor(store, ACCOUNT, "INBOX", Cursor(1, 7), history)

    assert imap_state.cursors(Store(redis, "pec"), ACCOUNT) == {"INBOX": Cursor(1, 7)}
    redis.acl_deluser("plain")
