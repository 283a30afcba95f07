"""Back-up and restore, as docs/operations.md says: what was sent since the backup is not sent again."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.redis_connection import connect
from pec.messages import Reason
from pec.store import accounts
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.site import Site, eventually, site

AOF = "appendonlydir"
BEFORE = [f"before-{number}" for number in range(6)]  # queued when the backup is made, and sent after it
AFTER = [
    f"after-{number}" for number in range(4)
]  # enqueued and sent after the backup, which knows nothing of them
NEW = [f"new-{number}" for number in range(3)]  # never sent when the backup is restored


def test_after_a_restore_what_the_mailbox_shows_as_sent_is_not_sent_again(tmp_path: Path) -> None:
    with _own_server(tmp_path) as (server, store), site(store.client, server.url, tmp_path) as at:
        _queue_while_paused(at, store)
        backup = _back_up(server, tmp_path)
        accounts.resume(store, "acme")
        with at.drained_workers():
            _add(at, AFTER)
            _all_delivered(at, [*BEFORE, *AFTER])
        assert len(at.sent()) == len(BEFORE) + len(AFTER)
        published = _last_sequences(store)

        _restore(server, tmp_path)
        assert {at.state(one) for one in BEFORE} == {"queued"}, "the backup has not seen them sent"
        assert {at.state(one) for one in AFTER} == {""}, "the backup does not know them"
        accounts.resume(store, "acme")
        _add(at, [*AFTER, *NEW])  # producers enqueue again what came since the backup
        with at.workers(PEC_RECONCILE_SINCE=backup.isoformat()):
            _all_delivered(at, [*BEFORE, *AFTER, *NEW])
        again = _last_sequences(store)
        assert all(again[one] > published[one] for one in published), (
            "consumers that know a greater one believe no other"
        )
        references = [one["subject"] for one in at.sent()]
    assert len(references) == len(set(references)) == len(BEFORE) + len(AFTER) + len(NEW)


def test_where_subjects_carry_no_reference_one_alike_is_left_to_an_operator(tmp_path: Path) -> None:
    with _own_server(tmp_path) as (server, store), site(store.client, server.url, tmp_path) as at:
        backup = datetime.now(UTC)
        alike = {"recipient": "consegna@pec.example", "subject": "Avviso uguale", "reference": False}
        with at.drained_workers():
            at.add(id="a", **alike)
            _all_delivered(at, ["a"])
        store.client.flushall()  # a restore of an empty backup
        with at.workers(PEC_RECONCILE_SINCE=backup.isoformat()):
            at.add(id="b", **alike)
            at.add(id="c", **{**alike, "recipient": "consegna+altri@pec.example"})
            eventually(lambda: at.state("b") == "held")
            assert "one alike was sent" in at.message("b")["reason"]
            _all_delivered(at, ["c"])
        assert len(at.sent()) == 2


@contextmanager
def _own_server(folder: Path) -> Iterator[tuple[EmbeddedServer, Store]]:
    with EmbeddedServer(folder / "redis") as server, connect(server.url) as client:
        yield server, Store(client, "pec")


def _queue_while_paused(at: Site, store: Store) -> None:
    accounts.pause(store, "acme", Reason("operator", "drained for the backup"))
    with at.drained_workers():
        _add(at, BEFORE)
        eventually(lambda: all(at.state(one) == "queued" for one in BEFORE))


def _back_up(server: EmbeddedServer, folder: Path) -> datetime:
    server.stop()
    moment = datetime.now(UTC)
    shutil.copytree(folder / "redis" / AOF, folder / "backup")
    server.start()
    return moment


def _restore(server: EmbeddedServer, folder: Path) -> None:
    server.stop()
    shutil.rmtree(folder / "redis" / AOF)
    shutil.copytree(folder / "backup", folder / "redis" / AOF)
    server.start()


def _last_sequences(store: Store) -> dict[str, int]:
    """Return the sequence of the newest event of each message."""
    entries: Any = store.client.xrange(store.keys.events)
    published = [json.loads(fields[b"event"])["data"] for _, fields in entries]
    return {data["id"]: data["sequence"] for data in published if "sequence" in data}


def _add(at: Site, ids: list[str]) -> None:
    for one in ids:
        at.add(id=one, recipient="consegna@pec.example", subject="Avviso")  # alike in all but the id


def _all_delivered(at: Site, ids: list[str]) -> None:
    eventually(lambda: all(at.state(one) == "delivered" for one in ids))
