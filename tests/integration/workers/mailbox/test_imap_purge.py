"""Before a mail is deleted by its UID, it is compared with the bytes that the archive gives back."""

from pathlib import Path

import pytest

from archive.vault import EML
from pec.changes import changed
from pec.store import imap_receipts
from pec.store.commits import commit
from pec.store.imap_receipts import Place
from tests.dovecot import Dovecot
from tests.integration.workers.imap_mailbox import (
    ACCOUNT,
    PURGE_AT_ONCE,
    Mailbox,
    MakeMailbox,
    accepted,
    delivered,
    holding,
    left,
    reading,
    stored,
)
from workers.context import WorkerContext
from workers.tasks.purge import purge


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    """Holds the receipts of a message that was delivered."""
    return holding(mailbox_with(rules=PURGE_AT_ONCE), accepted(), delivered())


def taken_for(mailbox: Mailbox, uid: int, mail: bytes) -> None:
    """Make the archived mail the one that should lie at this UID, and the only one that may go."""
    store = mailbox.ctx.store
    known = next(iter(imap_receipts.places_of(store, "inv-1")))
    assert mailbox.ctx.vault
    sha256 = mailbox.ctx.vault.put(mail, EML)
    store.client.delete(store.keys.places("inv-1"))
    place = Place(known.folder, known.validity, uid)
    store.client.hset(store.keys.places("inv-1"), imap_receipts.place_field(place), sha256)


def a_mail(message_id: str | None, text: str = "Grazie") -> bytes:
    named = f"Message-ID: {message_id}\r\n" if message_id else ""
    return f"From: mario@pec.example\r\n{named}Subject: Re: Fattura\r\n\r\n{text}\r\n".encode()


@pytest.mark.parametrize(
    ("kept", "there"),
    [
        pytest.param(a_mail("<1@pec.example>"), a_mail("<1@pec.example>", "Grazie mille"), id="size"),
        pytest.param(a_mail("<1@pec.example>"), a_mail("<2@pec.example>"), id="message-id"),
        pytest.param(a_mail(None), a_mail(None, "Scusi!"), id="text"),
        pytest.param(a_mail(None), a_mail(None, "Grazie mille"), id="text and size"),
    ],
)
def test_a_mail_that_differs_from_the_archived_one_stays(mailbox: Mailbox, kept: bytes, there: bytes) -> None:
    mailbox.put(there)
    taken_for(mailbox, 3, kept)

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3]


@pytest.mark.parametrize("message_id", [None, "<1@pec.example>"])
def test_a_mail_that_is_the_archived_one_goes(mailbox: Mailbox, message_id: str | None) -> None:
    mailbox.put(a_mail(message_id))
    taken_for(mailbox, 3, a_mail(message_id))

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2]


def test_texts_are_no_proof_where_originals_can_be_had(mailbox: Mailbox) -> None:
    message, _ = stored(mailbox.ctx)
    commit(mailbox.ctx.store, changed(message, mailbox.ctx.now(), {"proof": "texts"}))
    rules = {**PURGE_AT_ONCE, "purge": "texts"}
    root = Path(mailbox.ctx.settings.archive.url)

    purge(reading(mailbox.ctx, mailbox.dovecot, mailbox.user, root, rules=rules), ACCOUNT)

    assert left(mailbox) == [1, 2]


def test_a_server_that_deletes_no_single_mails_keeps_them_all_unmarked(
    ctx: WorkerContext, tmp_path: Path
) -> None:
    with Dovecot(capability="IMAP4rev1 IDLE") as server:
        made = Mailbox(
            reading(ctx, server, "plain", tmp_path / "archive", rules=PURGE_AT_ONCE), server, "plain"
        )
        holding(made, accepted(), delivered())

        purge(made.ctx, ACCOUNT)

        with server.client("plain") as client:
            client.select_folder("INBOX", readonly=True)
            assert client.search("UNDELETED") == [1, 2]
        made.ctx.imap_sessions.close_idle(0)
