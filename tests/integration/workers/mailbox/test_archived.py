"""After a restore: receipts that left the mailbox stand in the archive alone, and are found there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.vault import EML, Vault
from archive.vault.folder import Folder
from pec.changes import created
from pec.messages import Message
from pec.names import State
from pec.store import records
from pec.store.commits import commit
from pec.subjects import reference_of, reference_tag
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import queued, read, sent
from workers.context import WorkerContext
from workers.mailbox.archived import replay
from workers.mailbox.reconcile import settled_before_sending
from workers.tasks.lookup import look_up


@pytest.fixture(scope="module")
def served(imap_sandbox: Served) -> Served:
    return imap_sandbox


@pytest.fixture
def restored(ctx: WorkerContext, served: Served, tmp_path: Path) -> WorkerContext:
    """A worker that knows of a restore, with an archive."""
    assert served.anchors
    rules = ctx.settings.archive.model_copy(update={"anchors": str(served.anchors)})
    since = ctx.now() - timedelta(hours=1)
    settings = ctx.settings.model_copy(update={"archive": rules, "reconcile_since": since})
    return replace(ctx, settings=settings, vault=Vault(Folder(tmp_path / "archive")))


def take_away(ctx: WorkerContext, served: Served, code: str) -> None:
    """Archive the receipts of a code, and delete them from the mailbox."""
    assert ctx.vault
    with served.imap() as client:
        found = client.fetch(client.search(), ["BODY.PEEK[]"])
    for mail in found.values():
        ctx.vault.put(mail[b"BODY[]"], EML)
    assert served.call("DELETE", f"/send/{code}").ok


def send(served: Served, message: Message, recipient: str = "consegna@pec.example") -> str:
    """Send the message past Redis, as before the restore. Return its code."""
    mark = reference_tag(reference_of("pec", message.id, 0)) if message.has_reference else ""
    return served.code_of_send(recipient, subject=f"{message.subject} {mark}".strip())


def settled(ctx: WorkerContext, message: Message) -> bool:
    assert ctx.reconcile_since
    return settled_before_sending(ctx, message, ctx.reconcile_since)


def test_a_send_whose_receipts_left_the_mailbox_is_adopted(restored: WorkerContext, served: Served) -> None:
    message = queued(restored, "purged-1")
    code = send(served, message)
    take_away(restored, served, code)

    assert settled(restored, message)

    found = read(restored, message)
    assert (found.state, found.code, found.proof) == (State.DELIVERED, code, "originals")


def test_what_neither_mailbox_nor_archive_shows_is_sent(restored: WorkerContext, served: Served) -> None:
    other = queued(restored, "purged-2")
    take_away(restored, served, send(served, other))

    assert not settled(restored, queued(restored, "unsent-1"))


@pytest.mark.parametrize(("to", "is_held"), [("consegna@pec.example", True), ("other@pec.example", False)])
def test_without_a_reference_one_alike_is_left_to_an_operator(
    restored: WorkerContext, served: Served, to: str, is_held: bool
) -> None:
    subject = f"Senza riferimento per {to}"
    message = queued(restored, f"alike-{is_held}", referenced=False, to=to, subject=subject)
    take_away(restored, served, send(served, message))

    assert settled(restored, message) is is_held
    assert (read(restored, message).state is State.HELD) is is_held


@pytest.mark.parametrize(
    ("purge", "grace_seconds", "is_held"),
    [("texts", 60, True), ("texts", 86_400, False), ("archived", 60, False)],
)
def test_receipts_that_were_deleted_without_originals_leave_the_decision_to_an_operator(
    restored: WorkerContext, served: Served, purge: str, grace_seconds: int, is_held: bool
) -> None:
    """The backup is an hour old. Within the grace nothing was deleted; by `archived` only from mailboxes with IMAP."""
    rules = {"purge": purge, "purge_grace_seconds": grace_seconds}
    mailbox = restored.settings.mailbox.model_copy(update=rules)
    ctx = replace(restored, settings=restored.settings.model_copy(update={"mailbox": mailbox}))
    message = queued(ctx, f"{purge}-{grace_seconds}")

    assert settled(ctx, message) is is_held
    assert (read(ctx, message).state is State.HELD) is is_held


def test_an_archive_that_is_away_proves_nothing_so_the_message_waits(
    restored: WorkerContext, served: Served, tmp_path: Path
) -> None:
    away = replace(restored, vault=Vault(Folder(tmp_path / "nowhere" / "archive")))
    message = queued(away, "away-1")

    assert settled(away, message)

    found = read(away, message)
    assert found.state is State.QUEUED
    assert found.reason
    assert found.reason.details["why"] == "archive_away"


def test_a_lost_answer_is_found_in_the_archive(restored: WorkerContext, served: Served) -> None:
    message = _uncertain(restored, "lost-1")
    code = send(served, message)
    take_away(restored, served, code)

    look_up(restored, message.id)

    found = read(restored, message)
    assert (found.state, found.code) == (State.DELIVERED, code)


def test_messages_get_back_the_receipts_that_the_backup_did_not_know(
    restored: WorkerContext, served: Served
) -> None:
    message = sent(restored, served, "replayed-1")
    assert message.code
    take_away(restored, served, message.code)

    replay(restored, "acme")

    found, kept = records.read_with_receipts(restored.store, message.id)
    assert found
    assert (found.state, found.proof) == (State.DELIVERED, "originals")
    assert all(one.original for one in kept.receipts.values())


def test_without_a_restore_the_archive_is_not_read(
    ctx: WorkerContext, restored: WorkerContext, served: Served
) -> None:
    message = sent(restored, served, "usual-1")
    assert message.code
    take_away(restored, served, message.code)

    replay(replace(ctx, vault=restored.vault), "acme")

    assert read(restored, message).state is State.SENT


def _uncertain(ctx: WorkerContext, message_id: str) -> Message:
    now = ctx.now() - timedelta(hours=1)
    reference = reference_of("pec", message_id, 0)
    message = Message(
        id=message_id, account="acme", recipients=("consegna@pec.example",), subject="Avviso", state=State.UNCERTAIN,
        created_at=now, updated_at=now, claimed_at=now, has_reference=True, reference=reference,
        lost_references=(reference,),
    )  # fmt: skip
    return commit(ctx.store, created(message))
