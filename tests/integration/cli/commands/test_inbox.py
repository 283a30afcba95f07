"""`pec inbox`: mail that came in, all of it or the replies to a message."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from pec.incoming import IncomingMail, MailKind
from pec.store import inbox
from pec.store.store import Store
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import TakeJobs

AT = datetime(2026, 11, 29, 11, 2, 12, tzinfo=UTC)
REPLY = IncomingMail(
    account="acme",
    kind=MailKind.PEC,
    sender="studio@pec.example",
    subject="Re: Fattura",
    date=AT,
    in_reply_to="inv-1#2",
    attachments=("risposta.pdf",),
    archived="0" * 64,
)
OTHER = replace(
    REPLY, account="beta", kind=MailKind.ORDINARY, subject="Ciao", in_reply_to=None, attachments=None
)


def received(store: Store) -> None:
    for number, mail in enumerate((REPLY, OTHER)):
        assert inbox.receive(store, mail, AT, f"traits{number}")


def test_it_lists_what_came_in_newest_first(store: Store, pec: Pec) -> None:
    received(store)

    ran = pec("inbox")

    assert ran.code == 0
    assert [line.split()[2] for line in ran.out.splitlines()[1:]] == ["ordinary", "pec"]
    assert "studio@pec.example" in ran.out
    assert "Re: Fattura" in ran.out


def test_json_has_all_that_is_known(store: Store, pec: Pec) -> None:
    received(store)

    other, reply = map(json.loads, pec("inbox", "--json").out.splitlines())

    assert reply.pop("found_at")
    assert reply == REPLY.as_dict()
    assert (other["attachments"], other["in_reply_to"]) == (None, None)


def test_replies_to_a_job_are_those_to_any_of_its_messages(
    store: Store, producer: Producer, take_jobs: TakeJobs, pec: Pec
) -> None:
    received(store)
    producer.send(
        id="inv-1", account="acme", recipient=["a@pec.example", "b@pec.example"], subject="S", body="<p>x</p>"
    )
    take_jobs()

    [found] = map(json.loads, pec("inbox", "--reply-to", "inv-1", "--json").out.splitlines())
    assert found["subject"] == "Re: Fattura"
    assert pec("inbox", "--reply-to", "inv-1#1", "--json").out == ""


def test_replies_to_a_message_that_is_not_there_are_refused(pec: Pec) -> None:
    ran = pec("inbox", "--reply-to", "nowhere")

    assert ran.code != 0
    assert "nowhere" in ran.err


def test_an_empty_list_says_what_workers_see(pec: Pec) -> None:
    ran = pec("inbox")

    assert ran.code == 0
    assert "Without IMAP" in ran.err


def test_the_limit_counts_the_chosen_mails(store: Store, pec: Pec) -> None:
    received(store)

    assert len(pec("inbox", "--limit", "1", "--json").out.splitlines()) == 1


def test_mail_of_an_account_that_is_not_known_is_refused(pec: Pec) -> None:
    ran = pec("inbox", "--account", "acmee")

    assert ran.code == 3
    assert "acmee" in ran.err
