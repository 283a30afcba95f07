"""Mail that came in, as pages of the API show it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pec.incoming import MailKind, code_at_end, from_page, incoming_from, quoted_ids, traits_of
from pec.receipts import Mail

AT = datetime(2026, 11, 29, 11, 2, 12, tzinfo=UTC)
CODE = "2026112911021234"
RECEIPTS = "posta-certificata@pec.example"


def mail(sender: str, subject: str) -> Mail:
    return Mail(sender, "me@pec.example", AT, subject, None)


@pytest.mark.parametrize(
    ("sender", "subject", "kind", "from_", "title"),
    [
        (f'"Per conto di: a@pec.example" <{RECEIPTS}>', "POSTA CERTIFICATA: S", "pec", "a@pec.example", "S"),
        ('"Per conto di: a@pec.example" ', "POSTA CERTIFICATA: Re: S", "pec", "a@pec.example", "Re: S"),
        (f"Per conto di: a@pec.example <{RECEIPTS}>", "POSTA CERTIFICATA: S", "pec", "a@pec.example", "S"),
        ("Mario <m@example.it>", "Ciao", "ordinary", "m@example.it", "Ciao"),
        ("Mario ", "Ciao", "ordinary", "Mario", "Ciao"),
        ("m@example.it", "POSTA CERTIFICATA: CONSEGNA: S", "ordinary", "m@example.it", "CONSEGNA: S"),
        ('"Rossi, Mario" <m@example.it>', "S", "ordinary", "m@example.it", "S"),
        ('"Per conto di: m@example.it" ', "ANOMALIA MESSAGGIO: S", "ordinary", "m@example.it", "S"),
    ],
)  # fmt: skip
def test_a_page_shows_who_wrote_and_whether_it_is_a_pec(
    sender: str, subject: str, kind: str, from_: str, title: str
) -> None:
    found = from_page("acme", mail(sender, subject))

    assert found
    assert (found.kind, found.sender, found.subject) == (MailKind(kind), from_, title)
    assert found.attachments is None, "a page does not show them"
    assert incoming_from(found.as_dict()) == found


def test_a_mail_of_a_provider_is_none_that_came_in() -> None:
    assert from_page("acme", mail(RECEIPTS, f"CONSEGNA: S {CODE}")) is None
    assert from_page("acme", mail(RECEIPTS, "Manutenzione")) is None


def test_only_a_code_at_the_end_counts() -> None:
    assert code_at_end(f"Re: Fattura {CODE}") == CODE
    assert code_at_end(f"Re: Fattura {CODE} di ieri") is None


def test_ids_are_quoted_latest_first_and_once() -> None:
    assert quoted_ids("<b@x>", "<a@x> <b@x>\r\n <c@x>") == ["<b@x>", "<c@x>", "<a@x>"]
    assert quoted_ids("not an id") == []


def test_both_readers_see_the_same_traits_of_one_mail_and_others_of_another() -> None:
    api = traits_of("Mario Rossi ", "Citt\ufffd", AT)

    assert traits_of("Mario Rossi <m@example.it>", "Città", AT) == api
    assert traits_of("Mario Rossi <m@example.it>", "Città", AT + timedelta(seconds=1)) != api
    assert traits_of("Carla Rossi <m@example.it>", "Città", AT) != api
    assert traits_of("m@example.it", "x", None) == traits_of("<m@example.it>", "x", None)


def test_a_mail_with_its_name_in_the_archive_is_read_back_whole() -> None:
    found = from_page("acme", mail("m@example.it", "Ciao"))
    assert found
    whole = replace(found, attachments=("a.pdf",), in_reply_to="m1").archived_as("0" * 64)

    assert incoming_from(whole.as_dict()) == whole
