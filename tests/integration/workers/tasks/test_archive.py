"""Reading a mailbox by IMAP: signed receipts move messages and are kept; whatever else lies there stops nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from archive.receipt_texts import text_or_why
from archive.signatures import verify
from archive.vault import EML
from pec.changes import changed
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import HEADINGS, Mail
from pec.store import imap_receipts, inbox, records
from pec.store.commits import commit
from pec.store.imap_receipts import Place
from tests.integration.workers.archiving import unmounted
from tests.integration.workers.imap_mailbox import (
    ACCOUNT,
    CODE,
    REPLY,
    Mailbox,
    accepted,
    delivered,
    sent,
    stored,
)
from tests.signing import BOUNCED, ENVELOPE, PROVIDER, receipt
from workers.mailbox import originals
from workers.mailbox.imap_folder import FoundMail
from workers.tasks import archive
from workers.tasks.check import Seen, check, commit_seen

HEADING = {one.kind: one.words for one in HEADINGS if not one.virus}


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[FoundMail]:
    """The mails that were found to be no receipt of ours."""
    found: list[FoundMail] = []
    monkeypatch.setattr(archive, "incoming", lambda _ctx, _account, mail: found.append(mail))
    return found


def test_signed_receipts_move_a_message_and_are_kept_byte_for_byte(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mails = [accepted(), delivered()]
    mailbox.put(*mails)

    mailbox.read()

    message, kept = stored(mailbox.ctx)
    assert (message.state, message.proof) == (State.DELIVERED, "originals")
    originals = [one.original for one in kept.receipts.values()]
    assert mailbox.ctx.vault
    assert {mailbox.ctx.vault.get(one.sha256, EML) for one in originals if one} == set(mails)
    assert {place.uid for place in imap_receipts.places_of(mailbox.ctx.store, "inv-1")} == {1, 2}
    assert mailbox.due(Queue.CHECK, "inv-1") is None


def test_a_text_that_its_original_has_is_not_kept_in_redis_nor_asked_for_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = mailbox.ctx
    sent(ctx)
    mailbox.put(accepted(), delivered())
    mailbox.read()
    message, kept = stored(ctx)
    of_the_api = [
        Mail(PROVIDER, "", one.date, f"{HEADING[one.kind]}: {one.subject} {CODE}", text)
        for one in kept.receipts.values()
        if (text := text_or_why(one, ctx.vault)[0])
    ]
    assert len(of_the_api) == 2

    values = ctx.store.client.hvals(ctx.store.keys.receipts("inv-1"))
    commit_seen(ctx, message, kept, Seen(of_the_api))
    ctx.store.client.hdel(ctx.store.keys.imap(ACCOUNT), "cursor:INBOX")
    mailbox.read()

    assert {json.loads(one)["text"] for one in values} == {None}
    assert ctx.store.client.hvals(ctx.store.keys.receipts("inv-1")) == values
    assert stored(ctx)[0].proof == "originals"
    assert mailbox.due(Queue.CHECK, "inv-1") is None


def test_a_text_that_an_older_version_kept_beside_the_original_goes_once_the_mail_is_read_again(
    mailbox: Mailbox,
) -> None:
    ctx = mailbox.ctx
    sent(ctx)
    mailbox.put(accepted(), delivered())
    mailbox.read()
    key = ctx.store.keys.receipts("inv-1")
    new: Any = ctx.store.client.hgetall(key)
    for name, value in new.items():
        ctx.store.client.hset(key, name, value.replace(b'"text":null', b'"text":"as before"'))
    ctx.store.client.hdel(ctx.store.keys.imap(ACCOUNT), "cursor:INBOX")

    mailbox.read()

    assert ctx.store.client.hgetall(key) == new
    assert stored(ctx)[0].proof == "originals"


def test_nothing_in_the_mailbox_changes(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered(), REPLY)

    mailbox.read()

    with mailbox.dovecot.client(mailbox.user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == [1, 2, 3]
        assert client.search("RECENT") == [1, 2, 3] or client.search("UNDELETED") == [1, 2, 3]


def test_a_reply_names_the_message_whose_receipt_states_what_it_quotes(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    facts = verify(accepted(), mailbox.ctx.profiles).daticert
    assert facts
    ids = (facts.message_id, f"<{facts.identificativo.strip('<>')}>", "<another@x>")
    replies = [
        REPLY.replace(b"<r1@x>", f"<r{number}@x>\r\nIn-Reply-To: {one}".encode())
        for number, one in enumerate(ids)
    ]
    mailbox.put(accepted(), *replies)

    mailbox.read()
    mailbox.ctx.store.client.hdel(mailbox.ctx.store.keys.imap(ACCOUNT), "cursor:INBOX")
    mailbox.read()

    found = [mail for _, mail in inbox.newest(mailbox.ctx.store)]
    assert [one.in_reply_to for one in reversed(found)] == ["inv-1", "inv-1", None]


def test_a_receipt_that_comes_before_its_code_is_looked_at_again(mailbox: Mailbox) -> None:
    mailbox.put(accepted(), delivered())
    mailbox.read()
    assert mailbox.revisits() == 2
    assert (mailbox.due(Queue.ARCHIVE) or 0) <= mailbox.ctx.now().timestamp() + archive.SOON_SECONDS

    sent(mailbox.ctx)
    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert mailbox.revisits() == 0


def test_a_receipt_of_a_record_that_a_newer_worker_wrote_is_not_forgotten(mailbox: Mailbox) -> None:
    mailbox.put(accepted(), delivered())
    mailbox.read()
    record = mailbox.ctx.store.keys.message(sent(mailbox.ctx).id)
    mailbox.ctx.store.client.hset(record, "state", "a state of a newer version")
    mailbox.read()
    assert mailbox.revisits() == 2

    mailbox.ctx.store.client.hset(record, "state", "sent")
    mailbox.read()

    assert (stored(mailbox.ctx)[0].proof, mailbox.revisits()) == ("originals", 0)


def test_a_code_that_is_revoked_while_its_receipts_are_taken_may_get_them_later(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())
    find = records.find_by_code

    def raced(*args: Any) -> Any:
        found = find(*args)
        commit(mailbox.ctx.store, changed(stored(mailbox.ctx)[0], mailbox.ctx.now(), {"code": None}))
        return found

    monkeypatch.setattr(records, "find_by_code", raced)
    mailbox.read()

    assert stored(mailbox.ctx)[0].code is None
    assert mailbox.revisits() == 2


def test_headers_that_say_otherwise_decide_nothing(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    bounced = receipt(BOUNCED.__class__(**{**vars_of(BOUNCED), "subject": f"Fattura n. 1 è qui {CODE}"}))
    forged = bounced.replace(b"X-Ricevuta: errore-consegna", b"X-Ricevuta: avvenuta-consegna")
    mailbox.put(accepted(), forged)

    mailbox.read()

    message, _ = stored(mailbox.ctx)
    assert (message.state, message.proof) == (State.UNDELIVERED, "originals")
    assert message.reason
    assert message.reason.details["error"] == "5.1.1"


def test_an_altered_receipt_is_reported_and_its_message_is_followed_by_the_api(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    mailbox.put(accepted(), delivered().replace(b"daticert.xml", b"daticert.XML", 1))
    mailbox.read()

    message, kept = stored(mailbox.ctx)
    assert (message.state, message.proof, len(kept.reported)) == (State.ACCEPTED, None, 1)
    assert (mailbox.due(Queue.CHECK, "inv-1") or 0) <= mailbox.ctx.now().timestamp()
    events: Any = mailbox.ctx.store.client.xrange(mailbox.ctx.store.keys.events)
    assert [fields[b"type"] for _, fields in events].count(b"receipt.unrecognised") == 1

    check(mailbox.ctx, "inv-1")  # goes to the API, though IMAP is fresh
    assert mailbox.due(Queue.CHECK, "inv-1") != (message.sent_at or message.created_at).timestamp() + 1800


def vars_of(facts: Any) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__slots__}


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\x00\xff\xfe",
        b"X-Ricevuta: accettazione\r\n\r\n",
        b"X-Ricevuta: accettazione\r\nContent-Type: multipart/signed; boundary*=x''%ff\r\nFrom: =?x?q?=ff?=\r\n\r\n--",
        b"X-Ricevuta: accettazione\r\nContent-Type: multipart/signed; boundary=a\r\n\r\n" + b"--a\r\n" * 500,
        b"Subject: " + b"x" * 50_000 + b"\r\nX-Ricevuta: a\r\nDate: never\r\n\r\n",
    ],
)
def test_a_mail_that_is_no_mail_stops_nothing(mailbox: Mailbox, mail: bytes) -> None:
    sent(mailbox.ctx)
    if mail:
        mailbox.put(mail)
    mailbox.put(accepted(), delivered())

    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED


def test_a_mail_that_cannot_be_judged_is_archived_and_reported(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(mailbox.ctx)

    def fragile(raw: bytes, profiles: Any) -> Any:
        if b"poison" in raw:
            raise RecursionError
        return verify(raw, profiles)

    monkeypatch.setattr(originals, "verify", fragile)
    mailbox.put(b"X-Ricevuta: accettazione\r\n\r\npoison\r\n", accepted(), delivered())

    with capture_logs() as logs:
        mailbox.read()

    [logged] = [line for line in logs if line["event"] == "mail_unreadable"]
    assert mailbox.ctx.vault
    assert b"poison" in mailbox.ctx.vault.get(logged["sha256"], EML)
    assert stored(mailbox.ctx)[0].state is State.DELIVERED


def test_other_mail_is_passed_on_and_receipts_are_not(mailbox: Mailbox, passed_on: list[FoundMail]) -> None:
    sent(mailbox.ctx)
    mailbox.put(REPLY, accepted(), receipt(ENVELOPE), delivered("2026112010305999"))

    mailbox.read()

    assert [mail.place.uid for mail in passed_on] == [1, 3]
    assert b"<r1@x>" in passed_on[0].summary.headers


def test_a_receipt_that_lies_twice_is_one(mailbox: Mailbox) -> None:
    sent(mailbox.ctx)
    one = delivered()
    mailbox.put(accepted(), one, one)

    mailbox.read()

    assert len(stored(mailbox.ctx)[1].receipts) == 2
    assert len(imap_receipts.places_of(mailbox.ctx.store, "inv-1")) == 3


def test_while_the_archive_is_away_states_go_on_and_originals_follow(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    sent(mailbox.ctx)
    assert mailbox.ctx.vault
    mailbox.ctx.vault.identity()
    mailbox.put(accepted(), delivered())
    with unmounted(tmp_path / "archive"):
        mailbox.read()
        message, kept = stored(mailbox.ctx)
        assert (message.state, message.proof) == (State.DELIVERED, "texts")
        assert all(one.text for one in kept.receipts.values())
        mailbox.read()
        assert mailbox.revisits() == 2

    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert mailbox.revisits() == 0


def test_a_record_that_changed_meanwhile_is_read_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(mailbox.ctx)
    mailbox.put(accepted(), delivered())
    find = records.find_by_code

    def raced(*args: Any) -> Any:
        found = find(*args)
        commit(mailbox.ctx.store, changed(stored(mailbox.ctx)[0], mailbox.ctx.now(), {"checks": 5}))
        return found

    monkeypatch.setattr(records, "find_by_code", raced)
    mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert message.state is State.SENT


def test_a_hook_that_fails_stops_nothing(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(archive, "incoming", fail)
    sent(mailbox.ctx)
    mailbox.put(REPLY, accepted(), delivered())

    with capture_logs() as logs:
        mailbox.read()

    assert stored(mailbox.ctx)[0].state is State.DELIVERED
    assert "mail_unreadable" in [line["event"] for line in logs]


def test_places_are_forgotten_with_the_message(mailbox: Mailbox) -> None:
    place = Place("INBOX", 1, 2)
    message: Message = sent(mailbox.ctx)
    mailbox.ctx.store.client.hset(
        mailbox.ctx.store.keys.places(message.id), imap_receipts.place_field(place), "a"
    )
    assert imap_receipts.places_of(mailbox.ctx.store, message.id) == {place: "a"}

    mailbox.ctx.store.run("forget", message.id, message.version)

    assert imap_receipts.places_of(mailbox.ctx.store, message.id) == {}


def test_a_pec_of_another_program_is_checked_at_once_and_its_originals_are_searched_for(
    mailbox: Mailbox,
) -> None:
    mailbox.put(accepted(), delivered())
    mailbox.read()
    mailbox.ctx.store.client.delete(mailbox.ctx.store.keys.imap_revisit(ACCOUNT))  # it came long ago
    sent(mailbox.ctx, body=None)

    check(mailbox.ctx, "inv-1")
    assert stored(mailbox.ctx)[0].checks == 1, "the API was asked"
    mailbox.read()

    assert stored(mailbox.ctx)[0].proof == "originals"
    assert imap_receipts.sought(mailbox.ctx.store, ACCOUNT) == []


def test_a_late_code_gets_its_receipts_though_the_archive_is_away(mailbox: Mailbox, tmp_path: Path) -> None:
    assert mailbox.ctx.vault
    mailbox.ctx.vault.identity()
    mailbox.put(accepted(), delivered())
    with unmounted(tmp_path / "archive"):
        mailbox.read()
        sent(mailbox.ctx)
        mailbox.read()
        assert stored(mailbox.ctx)[0].state is State.DELIVERED
        mailbox.read()

    mailbox.read()

    assert (stored(mailbox.ctx)[0].proof, mailbox.revisits()) == ("originals", 0)
