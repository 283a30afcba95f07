"""Mail that comes in: found by IMAP or on a page, archived, and published once."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive import mime
from archive.vault import EML, Vault
from config.settings import Archive
from pec.imap.session import Summary
from pec.incoming import MailKind
from pec.receipts import Mail
from pec.store import inbox
from pec.store.commits import Commit, apply
from pec.store.imap_receipts import Place
from sandbox.clock import now
from sandbox.mail_writing import MailWriter
from sandbox.ordinary_mail import Draft
from sandbox.providers import Providers, make_providers
from tests.integration.sandbox.serving import SENDER, Served
from tests.integration.workers.messages import sent
from workers.context import WorkerContext
from workers.mailbox.imap_folder import FoundMail
from workers.mailbox.imap_incoming import incoming
from workers.mailbox.incoming import incoming_on_page
from workers.tasks.inbox_scan import scan

MESSAGE_ID = "<our-own@ws.pecmassiva.example>"


@pytest.fixture(scope="module")
def providers() -> Providers:
    return make_providers()


@pytest.fixture
def kept(ctx: WorkerContext, providers: Providers, tmp_path: Path) -> WorkerContext:
    """A context with an archive that trusts the sandbox's providers."""
    anchors = tmp_path / "anchor.pem"
    anchors.write_bytes(providers.authority.anchor)
    archive = Archive(url=str(tmp_path / "archive"), anchors=str(anchors))
    settings = ctx.settings.model_copy(update={"archive": archive})
    return replace(ctx, settings=settings, vault=Vault.open(archive))


def found(raw: bytes) -> FoundMail:
    head = raw.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return FoundMail(Place("INBOX", 1, 1), Summary(1, len(raw), None, head), lambda: raw)


def raw_of(mail: Any) -> bytes:
    whole: bytes = mail.original.whole()
    return whole


def events(ctx: WorkerContext) -> list[dict[str, Any]]:
    entries: Any = ctx.store.client.xrange("pec:events")
    return [
        json.loads(fields[b"event"])["data"] for _, fields in entries if fields[b"type"] == b"mail.received"
    ]


def pec(providers: Providers, **fields: Any) -> bytes:
    writer = MailWriter(providers)
    files = [("risposta.pdf", b"%PDF"), ("città.txt", b"x")]
    draft = Draft("a@pec.example", SENDER, now(), "Re: Fattura", "Ricevuto", files=files, **fields)
    return raw_of(writer.pec(draft))


def test_a_reply_by_pec_names_the_message_whose_message_id_it_quotes(
    kept: WorkerContext, providers: Providers
) -> None:
    apply(kept.store, Commit(commands=inbox.note_sent(kept.store, "inv-1", "acme", [MESSAGE_ID], 90)))
    raw = pec(providers, in_reply_to=MESSAGE_ID)

    incoming(kept, "acme", found(raw))

    [event] = events(kept)
    assert (event["kind"], event["sender"], event["subject"]) == ("pec", "a@pec.example", "Re: Fattura")
    assert (event["in_reply_to"], event["attachments"]) == ("inv-1", ["risposta.pdf", "città.txt"])
    assert kept.vault
    assert kept.vault.get(event["archived"], EML) == raw
    [(_, listed)] = inbox.newest(kept.store)
    assert listed.as_dict() == {"date": event["date"], **event}


def test_an_envelope_that_was_changed_is_ordinary_mail(kept: WorkerContext, providers: Providers) -> None:
    incoming(kept, "acme", found(pec(providers).replace(b"Re: Fattura", b"Re: Fatture")))

    assert [one["kind"] for one in events(kept)] == ["ordinary"]


def test_an_ordinary_reply_is_known_by_what_it_quotes_else_by_the_code_of_its_subject(
    kept: WorkerContext, providers: Providers, served: Served
) -> None:
    message = sent(kept, served, "inv-2")
    writer = MailWriter(providers)
    apply(kept.store, Commit(commands=inbox.note_sent(kept.store, "inv-1", "acme", [MESSAGE_ID], 90)))
    subject = f"Re: {message.subject} {message.code}"
    quoting = writer.ordinary(Draft("m@x.example", SENDER, now(), subject, "x", in_reply_to=MESSAGE_ID))
    naming = writer.ordinary(Draft("n@x.example", SENDER, now(), subject, "x", in_reply_to="<other@x>"))
    neither = writer.ordinary(Draft("o@x.example", SENDER, now(), f"{subject} e altro", "x"))

    for mail in (quoting, naming, neither):
        incoming(kept, "acme", found(raw_of(mail)))

    assert [(one["sender"], one.get("in_reply_to")) for one in events(kept)] == [
        ("m@x.example", "inv-1"), ("n@x.example", "inv-2"), ("o@x.example", None),
    ]  # fmt: skip
    assert {one["kind"] for one in events(kept)} == {"ordinary"}


def test_a_mail_is_published_once_however_often_and_by_whom_it_is_found(
    kept: WorkerContext, providers: Providers
) -> None:
    raw = pec(providers)
    shown = Mail('"Per conto di: a@pec.example" ', SENDER, _date(raw), "POSTA CERTIFICATA: Re: Fattura", None)

    incoming(kept, "acme", found(raw))
    incoming(kept, "acme", replace(found(raw), read=lambda: pytest.fail("fetched again")))
    incoming_on_page(kept, "acme", [shown])
    assert len(events(kept)) == 1

    other = pec(providers)
    first = replace(shown, date=_date(other), subject="POSTA CERTIFICATA: Re: Fattura")
    kept.store.client.delete(*kept.store.client.keys("pec:mail:*"))
    incoming_on_page(kept, "acme", [first, first])
    incoming_on_page(kept, "acme", [first])
    incoming(kept, "acme", found(other))
    assert len(events(kept)) == 2


def test_a_mail_that_a_page_showed_first_is_listed_whole_once_imap_has_read_it(
    kept: WorkerContext, providers: Providers
) -> None:
    raw = pec(providers)
    shown = Mail('"Per conto di: a@pec.example" ', SENDER, _date(raw), "POSTA CERTIFICATA: Re: Fattura", None)

    incoming_on_page(kept, "acme", [shown])
    incoming(kept, "acme", found(raw))

    [(_, listed)] = inbox.newest(kept.store)
    assert (listed.archived, listed.attachments) == (sha256(raw).hexdigest(), ("risposta.pdf", "città.txt"))
    assert len(events(kept)) == 1


def test_two_mails_that_look_the_same_on_a_page_are_two_by_imap(
    kept: WorkerContext, providers: Providers
) -> None:
    raw = pec(providers)
    twin = raw.replace(b"Message-ID: <", b"Message-ID: <x")

    incoming(kept, "acme", found(raw))
    incoming(kept, "acme", found(twin))
    incoming(kept, "acme", found(twin))

    assert len(events(kept)) == 2


def test_a_page_that_is_read_for_receipts_shows_incoming_mail_too(ctx: WorkerContext, served: Served) -> None:
    message = sent(ctx, served, "inv-9", "silenzio")
    for sender, subject in (
        ("m@x.example", f"Re: {message.subject} {message.code}"),
        ("n@x.example", "Ciao"),
    ):
        mail = {"mailbox": SENDER, "sender": sender, "subject": subject, "text": "t"}
        served.call("POST", "/_sandbox/receipts", json=mail)

    scan(ctx, "acme")
    scan(ctx, "acme")

    ours = [one for one in events(ctx) if one["sender"] in ("m@x.example", "n@x.example")]
    assert sorted((one["sender"], one.get("in_reply_to")) for one in ours) == [
        ("m@x.example", "inv-9"), ("n@x.example", None),
    ]  # fmt: skip
    assert {one["kind"] for one in ours} == {MailKind.ORDINARY}
    assert not any("attachments" in one for one in ours)


def test_old_mail_on_a_page_is_not_published(ctx: WorkerContext) -> None:
    old = Mail("m@x.example", SENDER, ctx.now() - timedelta(days=8), "Ciao", None)

    incoming_on_page(ctx, "acme", [old])

    assert events(ctx) == []


def _date(raw: bytes) -> Any:
    return mime.date_of(mime.parse(raw).headers)
