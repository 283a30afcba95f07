"""A domain in Unicode and in punycode are one: ASCII on the wire and in comparisons, Unicode for people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pec.api.client import Mailbox, Outgoing, encode
from pec.domains import compared, for_people, on_the_wire
from pec.jobs import JobRejected, SendJob, validate
from pec.provider_text import Named
from tests.unit.pec.strategies import PATIENT

PAIRS = [
    ("a@societ\u00e0.example", "a@xn--societ-nta.example"),
    ("a@mail.citt\u00e0.it", "a@mail.xn--citt-3na.it"),
    ("A.B@stra\u00dfe.example", "A.B@xn--strae-oqa.example"),
    ("a@\u65e5\u672c.example", "a@xn--wgv71a.example"),
]


@pytest.mark.parametrize(("unicode", "wire"), PAIRS)
def test_each_spelling_becomes_the_other_and_both_compare_equal(unicode: str, wire: str) -> None:
    assert on_the_wire(unicode) == on_the_wire(wire) == wire
    assert for_people(unicode) == for_people(wire) == unicode
    spelled = (unicode, wire, wire.upper(), f"{unicode[:2]}{unicode[2:].upper()}".replace("SS", "\u00df"))
    assert len(set(map(compared, spelled))) == 1


def test_letters_composed_otherwise_are_the_same_domain() -> None:
    assert compared("a@societa\u0300.example") == compared("a@societ\u00e0.example")


@given(st.text(max_size=80))
@PATIENT
def test_no_text_breaks_the_spelling_and_ascii_stays_unchanged(text: str) -> None:
    for spell in (on_the_wire, for_people, compared):
        assert spell(spell(text)) == spell(text)
    if text.isascii():
        assert on_the_wire(text) == text


def job(recipient: object, **fields: object) -> SendJob:
    base = {"type": "send", "id": "a", "account": "acme", "subject": "x", "body": "<p>x</p>"}
    found = validate({**base, "recipient": recipient, **fields})
    assert isinstance(found, SendJob)
    return found


@pytest.mark.parametrize(("unicode", "wire"), PAIRS)
def test_a_job_keeps_the_form_for_people_whichever_it_was_given(unicode: str, wire: str) -> None:
    assert job(unicode).recipients == job(wire).recipients == (unicode,)


@pytest.mark.parametrize(("unicode", "wire"), PAIRS)
def test_both_spellings_in_one_list_are_the_same_address(unicode: str, wire: str) -> None:
    with pytest.raises(JobRejected, match="stands twice"):
        job([unicode, wire], together=True)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("a@\u2603.it", "IDN"),
        ("a@xn--zz999.it", "IDN"),
        ("a@XN--A.it", "IDN"),
        ("a@" + "\u00e0" * 60 + ".it", "IDN"),
        ("a@-\u00e0.it", "IDN"),
        ("\u00e0@b.it", "before the @"),
        ("perch\u00e9", "e-mail address"),
        ("a@b", "e-mail address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_by_its_fault(address: str, why: str) -> None:
    with pytest.raises(JobRejected, match=why):
        job(address)


def test_the_wire_has_the_ascii_form_alone() -> None:
    mailbox = Mailbox("studio@societ\u00e0.example", "studio", SecretStr("p"), SecretStr("t"))
    recipients = tuple(unicode for unicode, _ in PAIRS)
    body = json.loads(encode(Outgoing(mailbox.sender, recipients, "x", "x"), mailbox))

    assert body["recipient"] == [wire for _, wire in PAIRS]
    assert body["sender"] == "studio@xn--societ-nta.example"


def test_both_spellings_of_a_named_recipient_are_one() -> None:
    assert len({compared(Named(one, None).address) for one in PAIRS[0]}) == 1
