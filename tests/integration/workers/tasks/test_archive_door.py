"""Reading and purging at the sandbox's IMAP door, another server than Dovecot, with its faults."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from imapclient.exceptions import IMAPClientError
from redis import Redis

from archive.vault.installation import open_vault
from config.settings import Settings
from pec.api.client import PecClient
from pec.names import Queue, State
from pec.store import accounts, imap_receipts, imap_state, records
from pec.store.store import Store
from tests.integration.sandbox.serving import SENDER, TOKEN, Served
from tests.integration.workers.messages import ACCOUNT, sent
from workers.context import WorkerContext
from workers.tasks.archive import read_mailbox
from workers.tasks.purge import purge


@pytest.fixture
def door(redis: Redis, redis_url: str, imap_sandbox: Served, tmp_path: Path) -> Iterator[WorkerContext]:
    """A context that reads the sandbox's mailbox, with nothing in it that was there before."""
    settings = Settings.model_validate(
        {
            "redis_url": redis_url,
            "api": {"url": imap_sandbox.url, "token": TOKEN, "read_rate": 1000},
            "archive": {"url": str(tmp_path / "archive"), "anchors": str(imap_sandbox.anchors)},
            "mailbox": {"purge": "archived", "purge_grace_seconds": 0},
            "accounts": {
                "acme": {
                    "sender": SENDER,
                    "username": SENDER,
                    "password": "password",
                    "imap": {
                        "host": "127.0.0.1",
                        "port": imap_sandbox.imap_port,
                        "tls": False,
                        "folders": ["INBOX", "Ricevute"],
                    },
                }
            },
        }
    )
    store = Store(redis, "pec")
    imap_sandbox.make("imap")
    with imap_sandbox.imap() as client, suppress(IMAPClientError):  # it is there after the first test
        client.create_folder("Ricevute")
    with closing(PecClient(settings.api)) as client:
        ctx = WorkerContext(settings, store, client, open_vault(settings.archive, store))
        ctx.sync_clock()
        accounts.register(store, "acme", ctx.token("acme"))
        yield ctx
        ctx.imap_sessions.close_idle(0)
    imap_sandbox.make("imap")


def proof(ctx: WorkerContext, message_id: str) -> tuple[State, str | None]:
    found = records.read(ctx.store, message_id)
    assert found
    return found.state, found.proof


def read_until(ctx: WorkerContext, condition: Callable[[], bool]) -> None:
    """Read as often as a worker does after failures."""
    for _ in range(6):
        read_mailbox(ctx, ACCOUNT)
        if condition():
            return
    raise AssertionError(imap_state.state_of(ctx.store, ACCOUNT))


def calls(served: Served) -> int:
    return len(served.requests())


def test_receipts_are_read_purged_and_cost_no_call(door: WorkerContext, imap_sandbox: Served) -> None:
    sent(door, imap_sandbox, "door-1")
    sent(door, imap_sandbox, "door-2", "mancata-consegna")
    before = calls(imap_sandbox)

    read_mailbox(door, ACCOUNT)

    assert proof(door, "door-1") == (State.DELIVERED, "originals")
    assert proof(door, "door-2") == (State.UNDELIVERED, "originals")
    assert calls(imap_sandbox) == before

    purge(door, ACCOUNT)
    assert imap_state.state_of(door.store, ACCOUNT).purged == 4
    with imap_sandbox.imap() as client:
        assert client.search() == []


def test_a_connection_that_is_cut_in_a_mail_loses_no_receipt(
    door: WorkerContext, imap_sandbox: Served
) -> None:
    sent(door, imap_sandbox, "cut-1")
    imap_sandbox.make("imap", cuts=2)

    read_mailbox(door, ACCOUNT)
    assert proof(door, "cut-1") == (State.SENT, None)
    read_until(door, lambda: proof(door, "cut-1") == (State.DELIVERED, "originals"))


def test_a_door_that_is_down_and_comes_back(door: WorkerContext, imap_sandbox: Served) -> None:
    read_mailbox(door, ACCOUNT)
    sent(door, imap_sandbox, "down-1")
    imap_sandbox.make("imap", down=True)
    read_mailbox(door, ACCOUNT)
    assert imap_state.state_of(door.store, ACCOUNT).error

    imap_sandbox.make("imap")
    read_until(door, lambda: proof(door, "down-1")[0] is State.DELIVERED)

    assert imap_state.state_of(door.store, ACCOUNT).error is None


def test_new_numbers_of_mails_commit_nothing_twice_and_delete_the_right_ones(
    door: WorkerContext, imap_sandbox: Served
) -> None:
    sent(door, imap_sandbox, "anew-1")
    read_mailbox(door, ACCOUNT)
    before = records.read(door.store, "anew-1")
    imap_sandbox.make("imap/uid-validity", mailbox=SENDER, folder="INBOX")
    purge(door, ACCOUNT)
    assert imap_state.state_of(door.store, ACCOUNT).purged == 0

    read_until(door, lambda: imap_receipts.places_of(door.store, "anew-1") != {})
    assert records.read(door.store, "anew-1") == before
    purge(door, ACCOUNT)

    assert imap_state.state_of(door.store, ACCOUNT).purged == 2


def test_receipts_that_a_rule_files_are_found_in_their_folder(
    door: WorkerContext, imap_sandbox: Served
) -> None:
    imap_sandbox.make("imap/rule", mailbox=SENDER, subject="Avviso filed-1", folder="Ricevute")
    sent(door, imap_sandbox, "filed-1")

    read_mailbox(door, ACCOUNT)

    assert proof(door, "filed-1") == (State.DELIVERED, "originals")
    assert {place.folder for place in imap_receipts.places_of(door.store, "filed-1")} == {"Ricevute"}


def test_doubled_receipts_are_one_and_both_copies_go(door: WorkerContext, imap_sandbox: Served) -> None:
    sent(door, imap_sandbox, "double-1")
    imap_sandbox.make("imap/double", mailbox=SENDER, subject="Avviso double-1")

    read_mailbox(door, ACCOUNT)
    assert len(records.receipts_of(door.store, "double-1")) == 2
    purge(door, ACCOUNT)

    assert imap_state.state_of(door.store, ACCOUNT).purged == 4


def test_a_door_that_refuses_the_login_is_asked_once(door: WorkerContext, imap_sandbox: Served) -> None:
    imap_sandbox.make("imap", refuses_logins=True)
    before = met(imap_sandbox)

    for _ in range(3):
        read_mailbox(door, ACCOUNT)

    assert met(imap_sandbox) == before + 1
    assert door.store.client.zscore(door.store.keys.due(Queue.ARCHIVE), ACCOUNT)


def met(served: Served) -> int:
    return int(served.call("GET", "/_sandbox/imap").json().get("refuses_logins", 0))
