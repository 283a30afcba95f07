"""`daticert.xml` in the forms that providers write, and in those that attackers would."""

from datetime import UTC, datetime

import pytest

from archive import daticert
from archive.daticert import NotDaticert, Recipient
from sandbox import signed_receipts
from tests.signing import BOUNCED, DELIVERED

XML = signed_receipts.daticert(DELIVERED)
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE postacert [
 <!ENTITY a "ha">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
 <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<postacert tipo="avvenuta-consegna"><dati><identificativo>&c;</identificativo></dati></postacert>"""
EXTERNAL = b"""<!DOCTYPE postacert [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<postacert tipo="avvenuta-consegna"><dati><identificativo>&file;</identificativo></dati></postacert>"""
PARAMETER = b"""<!DOCTYPE postacert [<!ENTITY % more SYSTEM "http://127.0.0.1/more.dtd"> %more;]>
<postacert tipo="avvenuta-consegna"><dati><identificativo>x</identificativo></dati></postacert>"""
UNKNOWN = b"""<!DOCTYPE postacert SYSTEM "daticert.dtd">
<postacert tipo="avvenuta-consegna"><dati><identificativo>a&who;b</identificativo></dati></postacert>"""


def test_each_fact_is_read() -> None:
    facts = daticert.parse(XML)

    assert facts.kind == "avvenuta-consegna"
    assert facts.error == "nessuno"
    assert facts.sender == facts.replies_to == "acme@pec.example"
    assert facts.recipients == (Recipient("mario@pec.example", "certificato"),)
    assert facts.subject == "Fattura n. 1 è qui"
    assert facts.provider == "Sandbox PEC S.p.A."
    assert facts.dated_at == datetime(2026, 11, 20, 9, 30, 0, tzinfo=UTC)
    assert facts.identificativo == "opec1.20261120103000.1@pec.example"
    assert facts.message_id == "<1@acme.example>"
    assert facts.receipt_type == "completa"
    assert facts.delivered_to == "mario@pec.example"
    assert facts.error_text == ""


def test_what_went_wrong_is_read() -> None:
    facts = daticert.parse(signed_receipts.daticert(BOUNCED))

    assert (facts.error, facts.error_text) == ("no-dest", "5.1.1 - Sandbox PEC S.p.A. - indirizzo non valido")


@pytest.mark.parametrize("behind", [b"\n", b"a", b"\x00\x00", b"<postacert/>", b"\n\n</x>"])
def test_bytes_behind_the_root_do_not_count(behind: bytes) -> None:
    assert daticert.parse(XML + behind) == daticert.parse(XML)


def test_a_doctype_is_legitimate_and_is_not_followed() -> None:
    with_doctype = XML.replace(
        b"?>\n", b'?>\n<!DOCTYPE postacert SYSTEM "http://127.0.0.1:1/daticert.dtd">\n', 1
    )

    assert daticert.parse(with_doctype) == daticert.parse(XML)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_other_encodings_are_read(encoding: str) -> None:
    text = XML.decode().replace("UTF-8", encoding)

    assert daticert.parse(text.encode(encoding)) == daticert.parse(XML)


@pytest.mark.parametrize("xml", [BOMB, EXTERNAL, PARAMETER, UNKNOWN])
def test_entities_are_refused_rather_than_read(xml: bytes) -> None:
    with pytest.raises(NotDaticert, match=r"entity|undefined"):
        daticert.parse(xml)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"PK\x03\x04",
        b"<html></html>",
        XML[:200],
        XML.replace(b"UTF-8", b"klingon"),
        b"<postacert>" + b"<a>" * 1000,
        b"<postacert>" + b" " * daticert.MAX_BYTES + b"</postacert>",
        XML.replace(b"Fattura", b"\xff\xfe"),
    ],
)
def test_what_is_no_daticert_is_refused_in_words(xml: bytes) -> None:
    with pytest.raises(NotDaticert):
        daticert.parse(xml)


@pytest.mark.parametrize(
    ("old", "new"), [(b"20/11/2026", b"31/02/2026"), (b"10:30:00", b"25:00"), (b'zona="+0100"', b'zona="x"')]
)
def test_a_date_that_is_none_is_left_out(old: bytes, new: bytes) -> None:
    assert daticert.parse(XML.replace(old, new)).dated_at is None


def test_facts_that_are_missing_are_empty() -> None:
    facts = daticert.parse(b"<postacert><dati/></postacert>")

    assert (facts.kind, facts.identificativo, facts.recipients, facts.dated_at) == ("", "", (), None)


def test_elements_elsewhere_are_no_facts() -> None:
    forged = XML.replace(b"<risposte>", b"<x><identificativo>forged</identificativo></x><risposte>")

    assert daticert.parse(forged).identificativo == DELIVERED.identificativo
