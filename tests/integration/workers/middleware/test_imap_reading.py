"""The threads that keep readings going: new mail makes one due at once, and silence is reported once each way."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pec.names import Queue
from pec.store import imap_state
from tests.dovecot import Dovecot
from tests.integration.workers.imap_mailbox import ACCOUNT, Mailbox, MakeMailbox, accepted, reading, sent
from workers.context import WorkerContext
from workers.mailbox.imap_idle import OTHERS_SECONDS, IdleWait
from workers.middleware.imap_reading import ImapReading


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    made = mailbox_with()
    made.put(accepted("2026112010315999"))  # a folder without mails reports the first one late
    return made


def test_new_mail_makes_a_reading_due_at_once(mailbox: Mailbox) -> None:
    woken = mailbox.ctx.became_due
    wait = IdleWait(mailbox.ctx, ACCOUNT, "INBOX")
    assert wait.step() == 0
    mailbox.read()
    assert (mailbox.due(Queue.ARCHIVE) or 0) > mailbox.ctx.now().timestamp()
    woken.clear()

    mailbox.put(accepted())
    while not woken.is_set():
        assert wait.step() == 0
    wait.close()

    assert (mailbox.due(Queue.ARCHIVE) or 0) <= mailbox.ctx.now().timestamp()


def test_one_process_waits_for_a_folder_and_another_takes_over(mailbox: Mailbox) -> None:
    one, other = (IdleWait(mailbox.ctx, ACCOUNT, "INBOX") for _ in range(2))
    assert one.step() == 0
    assert other.step() == OTHERS_SECONDS

    mailbox.ctx.store.client.delete(mailbox.ctx.store.keys.imap_idle(ACCOUNT, "INBOX"))
    assert other.step() == 0
    assert one.step() == OTHERS_SECONDS
    one.close()
    other.close()


def test_a_wait_that_is_refused_or_cut_is_tried_later(
    ctx: WorkerContext, dovecot: Dovecot, tmp_path: Path
) -> None:
    wrong = reading(ctx, dovecot, "w", tmp_path / "archive", password="wrong")
    wait = IdleWait(wrong, ACCOUNT, "INBOX")
    with capture_logs() as logs:
        assert [wait.step() > 0 for _ in range(3)] == [True] * 3
    assert [line["event"] for line in logs].count("imap_refused") == 1

    away = reading(ctx, dovecot, "w", tmp_path / "archive", port=1)
    assert IdleWait(away, ACCOUNT, "INBOX").step() >= OTHERS_SECONDS


def test_silence_is_reported_once_and_checks_go_to_the_api_until_it_ends(mailbox: Mailbox) -> None:
    ctx = mailbox.ctx
    sent(ctx)
    mailbox.read()
    watch = ImapReading(ctx)
    with capture_logs() as logs:
        watch._step()
    assert logs == []
    assert ctx.imap_watch.is_fresh(ACCOUNT, ctx.now())

    past = ctx.now() - timedelta(seconds=61)
    imap_state.note_read(ctx.store, ACCOUNT, past.timestamp())
    with capture_logs() as logs:
        ImapReading(ctx)._step()
        assert logs == [], "a process that has just started gives readings a minute"
        for one in (watch, ImapReading(ctx)):
            one._booted_at = past
            one._step()
    assert [line["event"] for line in logs] == ["imap_silent"]
    assert not ctx.imap_watch.is_fresh(ACCOUNT, ctx.now())
    assert (mailbox.due(Queue.CHECK, "inv-1") or 0) < ctx.now().timestamp() + 60

    with capture_logs() as logs:
        mailbox.read()
        mailbox.read()
    assert [line["event"] for line in logs if line["event"] == "imap_back"] == ["imap_back"]
    assert ctx.imap_watch.is_fresh(ACCOUNT, ctx.now())


def test_a_mailbox_that_was_never_read_is_silent_after_a_minute(mailbox: Mailbox) -> None:
    ctx = mailbox.ctx
    began = (ctx.now() - timedelta(seconds=61)).timestamp()
    imap_state.note_began(ctx.store, [ACCOUNT], began)

    watch = ImapReading(ctx)
    watch._booted_at -= timedelta(seconds=61)
    with capture_logs() as logs:
        watch._step()

    assert [line["event"] for line in logs] == ["imap_silent"]
    assert mailbox.due(Queue.ARCHIVE) is not None
