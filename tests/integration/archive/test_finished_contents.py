"""Content that only exports still need leaves Redis, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive import contents
from archive.finished_contents import move_finished
from archive.vault import Vault, VaultAway
from archive.vault.installation import open_vault
from config.settings import Archive
from pec.changes import Change
from pec.content import sha256
from pec.events import of_message
from pec.messages import Message
from pec.names import EventType, Proof, State
from pec.receipts import Kind
from pec.store.store import Store
from producers import Producer
from tests.integration.archive.receiving import receipt, received
from tests.integration.producing import SEND, Settle, TakeJobs

OWN, SHARED, LARGE = b"%PDF own", b"%PDF shared", b"%PDF" + bytes(50_000)


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Vault:
    vault = open_vault(Archive.model_validate({"url": str(tmp_path / "archive")}), store)
    assert vault
    return vault


def in_redis(store: Store, *data: bytes) -> list[bool]:
    return [store.client.hexists(store.keys.content(sha256(one)), "data") for one in data]


@pytest.fixture
def sent(producer: Producer, take_jobs: TakeJobs) -> None:
    """Two messages that share a file, and one of which has its own and a large one."""
    files = [("own.pdf", OWN), ("shared.pdf", SHARED), ("large.pdf", LARGE)]
    producer.send("inv-1", **SEND | {"body": "<p>one"}, attachments=files)
    producer.send("inv-2", **SEND | {"body": "<p>two"}, attachments=[("shared.pdf", SHARED)])
    take_jobs()


def proved(message: Message) -> Change:
    """The end of a message with the event that its proof is complete."""
    receipts = (receipt(Kind.ACCETTAZIONE), receipt(Kind.CONSEGNA))
    change = received(State.DELIVERED, *receipts, proof=Proof.TEXTS)(message)
    return replace(change, events=(*change.events, of_message(change.after, EventType.PROOF_COMPLETE, None)))


@pytest.mark.usefixtures("sent")
def test_content_leaves_redis_once_the_proof_is_complete(store: Store, change: Settle, vault: Vault) -> None:
    assert move_finished(store, vault) == 0
    change("inv-1", proved)

    moved = move_finished(store, vault)

    assert moved == 3
    assert in_redis(store, b"<p>one", OWN, LARGE, b"<p>two", SHARED) == [False, False, False, True, True]
    wanted = {sha256(one): one for one in (b"<p>one", OWN, LARGE, SHARED)}
    assert contents.read(store, vault, wanted) == wanted
    assert move_finished(store, vault) == 0


@pytest.mark.usefixtures("sent")
def test_an_archive_that_is_away_is_tried_again_with_the_same_messages(
    store: Store, change: Settle, vault: Vault, tmp_path: Path
) -> None:
    vault.identity()
    change("inv-1", proved)
    (tmp_path / "archive").rename(tmp_path / "aside")
    with pytest.raises(VaultAway):
        move_finished(store, vault)
    assert all(in_redis(store, b"<p>one", OWN, LARGE))
    (tmp_path / "aside").rename(tmp_path / "archive")

    assert move_finished(store, vault) == 3
