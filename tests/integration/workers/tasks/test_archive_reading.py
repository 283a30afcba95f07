"""How a mailbox is read by IMAP: on from where it was, in windows, by one reader, and whatever its server does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from pec.imap import session as sessions
from pec.imap.errors import ImapUnavailable
from pec.names import Queue, State
from pec.store import imap_receipts, imap_state
from tests.integration.workers.imap_mailbox import (
    ACCOUNT,
    REPLY,
    Mailbox,
    MakeMailbox,
    accepted,
    delivered,
    sent,
    stored,
)
from workers.mailbox import imap_folder
from workers.tasks import archive
from workers.tasks.check import check


def broken_at(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Let the server answer garbage when it is asked for this mail."""
    fetch = sessions.Session.mails

    def broken(session: sessions.Session, uids: Any, size: int) -> Any:
        if uid in uids:
            session._end()
            raise ImapUnavailable("garbled", "no such answer")
        return fetch(session, uids, size)

    monkeypatch.setattr(sessions.Session, "mails", broken)


def test_a_second_reading_takes_only_what_is_new(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted())
    mailbox.read()
    before = stored(mailbox.ctx)[0].version

    mailbox.read()
    assert stored(mailbox.ctx)[0].version == before
    mailbox.put(delivered())
    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert mailbox.state("cursor:INBOX")
    assert str(mailbox.state("cursor:INBOX")).endswith(" 2")


def test_a_changed_uidvalidity_is_read_again_without_a_second_commit(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())
    mailbox.read()
    before = stored(mailbox.ctx)[0]
    imap_state.set_cursor(mailbox.ctx.store, ACCOUNT, "INBOX", imap_state.Cursor(1, 999), "")

    mailbox.read()

    assert stored(mailbox.ctx)[0] == before
    assert str(mailbox.state("cursor:INBOX")).endswith(" 2")


def test_foreign_codes_do_not_hold_up_the_mails_behind_them(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(*(accepted(f"202611201031{number:04}") for number in range(60)), accepted(), delivered())

    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert mailbox.revisits() == 60


def test_several_folders_are_read_and_one_that_is_missing_holds_up_none(mailbox_with: MakeMailbox) -> None:
    mailbox = mailbox_with(folders=["INBOX", "INBOX.Nessuna", "INBOX.Ricevute perché"])
    with mailbox.dovecot.client(mailbox.user) as client:
        client.create_folder("INBOX.Ricevute perché")
    sent(mailbox.ctx)
    mailbox.put(accepted())
    mailbox.put(delivered(), folder="INBOX.Ricevute perché")

    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert "INBOX.Nessuna" in str(mailbox.state("error"))
    assert mailbox.state("read_at") is None, "the API goes on until every folder is read"


def test_a_refused_login_is_not_repeated_until_an_operator_or_new_settings_allow_it(
    mailbox_with: MakeMailbox,
) -> None:
    wrong = mailbox_with(password="wrong")
    with capture_logs() as logs:
        wrong.read()
    assert [line["event"] for line in logs].count("imap_refused") == 1
    assert wrong.state("refused")

    with capture_logs() as logs:
        wrong.read()
    assert logs == []
    assert (wrong.due(Queue.ARCHIVE) or 0) > wrong.ctx.now().timestamp() + 30

    right = mailbox_with()
    right.read()
    assert (right.state("refused"), right.state("read_at") is not None) == (None, True)

    assert imap_state.forgive(wrong.ctx.store, ACCOUNT, wrong.ctx.now().timestamp())
    with capture_logs() as logs:
        wrong.read()
    assert [line["event"] for line in logs].count("imap_refused") == 1


def test_a_server_that_is_away_is_tried_again_later_and_later(mailbox_with: MakeMailbox) -> None:
    away = mailbox_with(port=1)

    waits = []
    for _ in range(6):
        away.read()
        waits.append((away.due(Queue.ARCHIVE) or 0) - away.ctx.now().timestamp())

    assert 4 < waits[0] < 6
    assert 50 < waits[-1] < 70
    assert "not_listening" in str(away.state("error"))


def test_one_reader_at_a_time_and_the_other_one_is_not_forgotten(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    assert imap_state.begin(mailbox.ctx.store, ACCOUNT, "another", 60)
    mailbox.put(accepted())

    mailbox.read()
    assert stored(mailbox.ctx)[0].state is State.SENT
    now = mailbox.ctx.now().timestamp()
    imap_state.end(mailbox.ctx.store, ACCOUNT, "another", now, now + 500)

    assert mailbox.due(Queue.ARCHIVE) == pytest.approx(now)
    mailbox.read()
    assert stored(mailbox.ctx)[0].state is State.ACCEPTED


def test_a_large_mailbox_is_read_in_windows(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_folder, "MAX_WINDOW", 10)
    monkeypatch.setattr(imap_folder, "SUMMARIES", 4)
    sent(mailbox.ctx)
    mailbox.put(*([REPLY] * 30), accepted(), *([REPLY] * 30), delivered())
    with mailbox.dovecot.client(mailbox.user) as client:
        client.select_folder("INBOX")
        client.delete_messages(range(5, 25))
        client.expunge()

    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert str(mailbox.state("cursor:INBOX")).endswith(" 62")


def test_a_large_receipt_comes_in_parts(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_folder, "BATCH_BYTES", 2000)
    monkeypatch.setattr(sessions, "PART_BYTES", 1500)
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())

    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"


def test_while_imap_is_read_a_check_asks_the_api_only_after_half_an_hour(mailbox: Mailbox) -> None:
    message = sent(mailbox.ctx)
    mailbox.read()

    check(mailbox.ctx, "inv-1")

    until = (message.sent_at or message.created_at) + timedelta(minutes=30)
    assert mailbox.due(Queue.CHECK, "inv-1") == pytest.approx(until.timestamp())
    assert stored(mailbox.ctx)[0].checks == 0


def test_when_imap_is_silent_the_api_is_asked(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.read()
    mailbox.ctx.imap_watch.update(ACCOUNT, mailbox.ctx.now() - timedelta(seconds=61))

    check(mailbox.ctx, "inv-1")

    assert stored(mailbox.ctx)[0].checks == 1


@pytest.mark.parametrize("gone", [0, 20])
def test_a_mail_that_ends_every_reading_is_left_out_after_a_while(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, gone: int
) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), *([REPLY] * gone), b"X-Ricevuta: accettazione\r\n\r\nbad\r\n", delivered())
    if gone:
        with mailbox.dovecot.client(mailbox.user) as client:
            client.select_folder("INBOX")
            client.delete_messages(range(2, 2 + gone))
            client.expunge()

    broken_at(monkeypatch, 2 + gone)
    with capture_logs() as logs:
        for _ in range(8):
            mailbox.read()

    assert [line["uid"] for line in logs if line["event"] == "mail_skipped"] == [2 + gone]
    assert (stored(mailbox.ctx)[0].state, mailbox.state("error")) == (State.DELIVERED, None)


def test_a_search_that_the_server_cannot_do_holds_up_no_mail_and_is_given_up(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(session: sessions.Session, _code: str) -> Any:
        session._end()
        raise ImapUnavailable("timeout", "no answer")

    monkeypatch.setattr(sessions.Session, "uids_with", slow)
    imap_receipts.seek(mailbox.ctx.store, ACCOUNT, "2026112010310001", 0)
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())

    mailbox.read()
    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    for _ in range(3):
        mailbox.read()

    assert imap_receipts.sought(mailbox.ctx.store, ACCOUNT) == []
    assert (mailbox.state("error"), mailbox.state("read_at") is not None) == (None, True)


def test_a_receipt_that_cannot_be_had_again_holds_up_no_mail_and_is_given_up(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "2026112010310001"
    mailbox.put(accepted(late), delivered(late))
    mailbox.read()
    assert mailbox.revisits() == 2
    sent(mailbox.ctx, late, "late")
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())

    monkeypatch.setattr(archive, "BATCH_MAILS", 1)
    broken_at(monkeypatch, 2)
    mailbox.read()
    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert (stored(mailbox.ctx, "late")[0].state, mailbox.revisits()) == (State.ACCEPTED, 1)
    for _ in range(6):
        mailbox.read()

    assert (mailbox.revisits(), mailbox.state("error")) == (0, None)


def test_a_reading_whose_time_is_over_goes_on_at_once_where_it_was(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_folder, "SUMMARIES", 1)
    monkeypatch.setattr(imap_folder, "BATCH_BYTES", 2000)
    sent(mailbox.ctx)
    mailbox.put(REPLY, accepted(), delivered())
    short = mailbox.ctx.settings.model_copy(update={"lease_seconds": 0.02})
    hurried = Mailbox(replace(mailbox.ctx, settings=short), mailbox.dovecot, mailbox.user)

    for reading_number in range(60):
        hurried.read()
        if stored(mailbox.ctx)[0].state is State.DELIVERED:
            break
        assert (mailbox.due(Queue.ARCHIVE) or 0) <= mailbox.ctx.now().timestamp() + 1, reading_number

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
