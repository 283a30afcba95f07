"""Purging a mailbox by IMAP: exactly what the archive gives back goes, and no mail of others."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from archive.vault import EML
from archive.vault.vault import path_of
from pec.changes import changed
from pec.imap.session import Session
from pec.names import Queue, State
from pec.store import audit, imap_receipts, imap_state, purging
from pec.store.commits import commit
from tests.integration.workers.archiving import unmounted
from tests.integration.workers.imap_mailbox import (
    ACCOUNT,
    CODE,
    PURGE_AT_ONCE,
    Mailbox,
    MakeMailbox,
    accepted,
    delivered,
    holding,
    left,
    reading,
    sent,
    stored,
)
from tests.signing import ACCEPTED, receipt
from workers.tasks.purge import purge

REPLY = f"From: mario@pec.example\r\nSubject: Re: Fattura {CODE}\r\n\r\nGrazie\r\n".encode()


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    """Holds the receipts of a message that was delivered, between two replies."""
    return holding(mailbox_with(rules=PURGE_AT_ONCE), REPLY, accepted(), delivered(), REPLY)


def audited(mailbox: Mailbox) -> list[dict[str, Any]]:
    return [{**entry, "details": json.loads(entry["details"])} for entry in audit.entries(mailbox.ctx.store)]


def test_receipts_that_the_archive_holds_go_and_all_else_stays(mailbox: Mailbox) -> None:
    assert stored(mailbox.ctx)[0].proof == "originals"

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    entries = audited(mailbox)
    assert [(one["actor"], one["action"], one["object"]) for one in entries] == [
        ("worker", "purge", "message:inv-1")
    ] * 2
    assert {one["details"]["uid"] for one in entries} == {2, 3}
    assert imap_state.state_of(mailbox.ctx.store, ACCOUNT).purged == 2
    assert mailbox.due(Queue.PURGE) is None
    assert (mailbox.due(Queue.QUOTA) or 0) < mailbox.ctx.now().timestamp() + 60


def test_a_second_purge_finds_nothing_to_do(mailbox: Mailbox) -> None:
    purge(mailbox.ctx, ACCOUNT)
    purge(mailbox.ctx, ACCOUNT)

    assert len(audited(mailbox)) == 2
    assert purging.ready(mailbox.ctx.store, ACCOUNT, float("inf"), 10) == []


def test_nothing_goes_before_its_grace_is_over(mailbox: Mailbox) -> None:
    later = again(mailbox, purge="archived", purge_grace_seconds=3600)

    purge(later.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]
    ended_at = stored(mailbox.ctx)[0].ended_at
    assert ended_at
    assert later.due(Queue.PURGE) == pytest.approx((ended_at + timedelta(hours=1)).timestamp(), abs=1)


def test_nothing_goes_if_the_settings_do_not_say_so(mailbox: Mailbox) -> None:
    off = again(mailbox, purge="off")

    purge(off.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]
    assert off.due(Queue.PURGE) is None


def test_a_message_that_has_not_ended_or_lacks_an_original_keeps_its_receipts(mailbox: Mailbox) -> None:
    message, _ = stored(mailbox.ctx)
    commit(mailbox.ctx.store, changed(message, mailbox.ctx.now(), {"proof": "texts"}))
    purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 2, 3, 4]

    open_again = {"proof": None, "state": State.ACCEPTED}
    message, _ = stored(mailbox.ctx)
    commit(
        mailbox.ctx.store,
        changed(message, mailbox.ctx.now(), open_again),
        ["ZADD", mailbox.ctx.store.keys.purgeable(ACCOUNT), 1, message.id],
    )
    purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 2, 3, 4]


def test_an_archive_that_is_away_makes_the_purge_wait(mailbox: Mailbox, tmp_path: Path) -> None:
    with unmounted(tmp_path / "archive"):
        purge(mailbox.ctx, ACCOUNT)
        assert left(mailbox) == [1, 2, 3, 4]
        assert (mailbox.due(Queue.PURGE) or 0) > mailbox.ctx.now().timestamp()

    purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 4]


@pytest.mark.parametrize("damage", [None, b"other bytes"])
def test_an_original_that_the_archive_lost_stays_in_the_mailbox_and_is_archived_again(
    mailbox: Mailbox, tmp_path: Path, damage: bytes | None
) -> None:
    places = imap_receipts.places_of(mailbox.ctx.store, "inv-1")
    sha256 = next(digest for place, digest in places.items() if place.uid == 3)
    file = tmp_path / "archive" / path_of(sha256, EML)
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)

    with capture_logs() as logs:
        purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 3, 4]
    assert "original_lost" in [line["event"] for line in logs]

    mailbox.read()
    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    assert mailbox.ctx.vault
    assert mailbox.ctx.vault.contains(sha256, EML)


def test_another_mail_at_the_place_of_a_receipt_stays(mailbox: Mailbox) -> None:
    store, (place, sha256) = (
        mailbox.ctx.store,
        next(
            (place, digest)
            for place, digest in imap_receipts.places_of(mailbox.ctx.store, "inv-1").items()
            if place.uid == 2
        ),
    )
    wrong = imap_receipts.Place(place.folder, place.validity, 1)
    store.client.delete(store.keys.places("inv-1"))
    store.client.hset(store.keys.places("inv-1"), imap_receipts.place_field(wrong), sha256)

    with capture_logs() as logs:
        purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]
    assert "purge_refused" in [line["event"] for line in logs]


def test_places_of_another_uidvalidity_are_not_used(mailbox: Mailbox) -> None:
    store = mailbox.ctx.store
    for place, sha256 in imap_receipts.places_of(store, "inv-1").items():
        old = imap_receipts.Place(place.folder, place.validity - 1, place.uid)
        store.client.hdel(store.keys.places("inv-1"), imap_receipts.place_field(place))
        store.client.hset(store.keys.places("inv-1"), imap_receipts.place_field(old), sha256)

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]


def test_a_receipt_that_a_person_deleted_before_holds_up_nothing(mailbox: Mailbox) -> None:
    with mailbox.dovecot.client(mailbox.user) as client:
        client.select_folder("INBOX")
        client.delete_messages([2])
        client.expunge([2])

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    assert len(audited(mailbox)) == 1


def test_receipts_in_several_folders_all_go(mailbox: Mailbox) -> None:
    with mailbox.dovecot.client(mailbox.user) as client:
        client.create_folder("INBOX.Ricevute")
    both = again(mailbox, folders=["INBOX", "INBOX.Ricevute"], **PURGE_AT_ONCE)
    sent(both.ctx, "2026112010310001", "inv-2")
    both.put(accepted("2026112010310001"))
    both.put(delivered("2026112010310001"), folder="INBOX.Ricevute")
    both.read()

    purge(both.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    with mailbox.dovecot.client(mailbox.user) as client:
        assert client.select_folder("INBOX.Ricevute", readonly=True)[b"EXISTS"] == 0
    both.ctx.imap_sessions.close_idle(0)


def test_a_folder_that_does_not_open_now_keeps_its_receipts_for_the_next_purge(mailbox: Mailbox) -> None:
    with mailbox.dovecot.closed_inbox(mailbox.user):
        mailbox.ctx.imap_sessions.close_idle(0)
        purge(mailbox.ctx, ACCOUNT)
        assert (mailbox.due(Queue.PURGE) or 0) > mailbox.ctx.now().timestamp() + 5

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    assert mailbox.due(Queue.PURGE) is None


def test_a_folder_that_was_deleted_holds_up_nothing(mailbox: Mailbox) -> None:
    store = mailbox.ctx.store
    for place, sha256 in imap_receipts.places_of(store, "inv-1").items():
        gone = replace(place, folder="INBOX.Nessuna")
        store.client.hdel(store.keys.places("inv-1"), imap_receipts.place_field(place))
        store.client.hset(store.keys.places("inv-1"), imap_receipts.place_field(gone), sha256)

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]
    assert mailbox.due(Queue.PURGE) is None


def test_a_copy_that_is_found_during_a_purge_goes_with_the_next(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    expunge = Session.expunge

    def raced(session: Session, uids: Sequence[int]) -> None:
        monkeypatch.undo()
        expunge(session, uids)
        mailbox.put(delivered())
        mailbox.read()

    monkeypatch.setattr(Session, "expunge", raced)
    purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 4, 5]

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4]
    assert mailbox.due(Queue.PURGE) is None


def again(mailbox: Mailbox, folders: list[str] | None = None, **rules: Any) -> Mailbox:
    """The same mailbox with other rules."""
    root = Path(mailbox.ctx.settings.archive.url)
    imap = {"folders": folders} if folders else {}
    ctx = reading(mailbox.ctx, mailbox.dovecot, mailbox.user, root, rules=rules, **imap)
    return Mailbox(ctx, mailbox.dovecot, mailbox.user)


def test_nothing_goes_before_the_replicas_know_what_was_kept(mailbox: Mailbox) -> None:
    mailbox.ctx.store.replicas = 1  # and there is none

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 2, 3, 4]
    assert mailbox.due(Queue.PURGE) is not None
    mailbox.ctx.store.replicas = 0
    purge(mailbox.ctx, ACCOUNT)
    assert left(mailbox) == [1, 4]


def test_the_receipt_of_a_persons_own_pec_stays_though_it_ends_with_our_code(mailbox: Mailbox) -> None:
    mailbox.put(receipt(replace(ACCEPTED, subject=f"RE: Fattura n. 1 è qui {CODE}"), postacert=None))
    mailbox.read()

    purge(mailbox.ctx, ACCOUNT)

    assert left(mailbox) == [1, 4, 5]
