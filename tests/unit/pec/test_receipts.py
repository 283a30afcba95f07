"""A mail is a receipt of ours by its sender, its heading and our exact code; nothing else is."""

import tracemalloc

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pec.receipts import HEADINGS, Heading, Kind, Mail, Receipt, Unrecognised, code_in, read
from pec.subjects import reference_tag, same_subject
from tests.unit.pec.strategies import (
    CODE,
    FOREIGN_HEADINGS,
    PATIENT,
    PROVIDER,
    RECEIPT_HEADINGS,
    a_mail,
    codes,
    kind_of,
    mail_of,
    subjects,
)

LONG = "Comunicazione ai sensi dell'art. 12 del regolamento: è convocata l'assemblea dei soci"


# Headings


@pytest.mark.parametrize(
    ("heading", "kind", "virus"),
    [
        ("ACCETTAZIONE: ", Kind.ACCETTAZIONE, False),
        ("AVVISO DI NON ACCETTAZIONE: ", Kind.NON_ACCETTAZIONE, False),
        ("AVVISO DI NON ACCETTAZIONE PER VIRUS: ", Kind.NON_ACCETTAZIONE, True),
        ("CONSEGNA: ", Kind.CONSEGNA, False),
        ("AVVISO DI MANCATA CONSEGNA: ", Kind.MANCATA_CONSEGNA, False),
        ("AVVISO DI MANCATA CONSEGNA PER VIRUS: ", Kind.MANCATA_CONSEGNA, True),
        ("AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ", Kind.PREAVVISO, False),
    ],
)
def test_each_heading_of_the_rules_is_its_kind(heading: str, kind: Kind, virus: bool) -> None:
    receipt = read(a_mail(f"{heading}Invio di prova pec massiva {CODE}"), CODE, "Invio di prova pec massiva")

    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.virus) == (kind, virus)
    assert (receipt.subject, receipt.code, receipt.sender) == ("Invio di prova pec massiva", CODE, PROVIDER)


@given(st.sampled_from(RECEIPT_HEADINGS), subjects(), codes())
@PATIENT
def test_what_a_provider_writes_about_any_subject_and_code_is_read_back(
    heading: Heading, subject: str, code: str
) -> None:
    receipt = read(mail_of(heading, subject, code), code, subject)

    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.virus, receipt.code) == (heading.kind, heading.virus, code)
    assert same_subject(subject, receipt.subject)


@given(st.sampled_from(RECEIPT_HEADINGS), st.sampled_from(HEADINGS), codes())
@PATIENT
def test_only_the_first_heading_counts_whatever_the_subject_begins_with(
    heading: Heading, inner: Heading, code: str
) -> None:
    subject = f"{inner.words}: Fattura"
    receipt = read(mail_of(heading, subject, code), code, subject)

    assert isinstance(receipt, Receipt)
    assert receipt.kind is heading.kind
    assert receipt.subject == subject


@given(
    st.sampled_from(FOREIGN_HEADINGS),
    st.sampled_from(["", *(f"{one.words}: " for one in HEADINGS)]),
    subjects(),
)
@PATIENT
def test_a_mail_that_another_sender_sent_us_is_no_receipt_whatever_its_subject_says(
    heading: Heading, inner: str, subject: str
) -> None:
    mail = mail_of(heading, f"{inner}{subject}", CODE)

    assert read(mail, CODE, f"{inner}{subject}") is None
    assert read(mail, CODE, subject) is None
    assert read(mail, CODE, None) is None


@pytest.mark.parametrize(
    "subject",
    [
        f"  accettazione:  Fattura   {CODE}  ",
        f"Accettazione:\r\n Fattura\r\n\t{CODE}",
        f"ACCETTAZIONE:Fattura {CODE}",
    ],
)
def test_case_and_folded_white_space_of_a_heading_do_not_matter(subject: str) -> None:
    assert kind_of(a_mail(subject)) is Kind.ACCETTAZIONE


@pytest.mark.parametrize(
    "subject",
    [
        f"RELAYACCEPTANCE: Fattura {CODE}",
        f"AVVISO DI MANCATA CONSEGNA PER ALTRO: Fattura {CODE}",
        f"NON ACCETTAZIONE: Fattura {CODE}",
        f"MANCATA CONSEGNA: Fattura {CODE}",
        f"Re: CONSEGNA: Fattura {CODE}",
        f"CONSEGNA Fattura {CODE}",
        f"Fattura {CODE}",
    ],
)
def test_an_unknown_heading_on_our_code_is_reported_and_never_taken_for_a_known_one(subject: str) -> None:
    unrecognised = read(a_mail(subject), CODE, "Fattura")

    assert isinstance(unrecognised, Unrecognised)
    assert "heading" in unrecognised.why
    assert "Fattura" not in unrecognised.why


# Codes


@given(st.sampled_from(HEADINGS), subjects(), codes(), st.text("0123456789", min_size=1, max_size=3))
@PATIENT
def test_a_code_that_is_part_of_another_never_matches(
    heading: Heading, subject: str, code: str, digits: str
) -> None:
    assert read(mail_of(heading, subject, code + digits), code, subject) is None
    assert read(mail_of(heading, subject, digits + code), code, subject) is None
    assert read(mail_of(heading, subject, code), code + digits, subject) is None


@pytest.mark.parametrize(
    "subject",
    [
        "ACCETTAZIONE: Fattura",
        f"ACCETTAZIONE: Fattura {CODE}.",
        f"ACCETTAZIONE: Fattura {CODE} bis",
        f"ACCETTAZIONE: Fattura-{CODE}",
        f"ACCETTAZIONE: {CODE} Fattura",
        "",
    ],
)
def test_the_code_must_end_the_subject(subject: str) -> None:
    assert read(a_mail(subject), CODE, None) is None


def test_a_subject_that_ends_with_another_code_belongs_to_the_last() -> None:
    mail = a_mail(f"CONSEGNA: Sollecito per 202009211526363 {CODE}")

    assert kind_of(mail, CODE, "Sollecito per 202009211526363") is Kind.CONSEGNA
    assert read(mail, "202009211526363", None) is None


# Senders


@pytest.mark.parametrize(
    "sender",
    [
        "posta-certificata@pec.aruba.it",
        "<posta-certificata@pec.aruba.it>",
        " Posta-Certificata@PEC.Aruba.it ",
        '"Posta Certificata" posta-certificata@pec.aruba.it',
        '"Posta Certificata" <posta-certificata@pec.aruba.it>',
        "Posta Certificata Legalmail <posta-certificata@pec.aruba.it>",
        "Posta<posta-certificata@pec.aruba.it>",
    ],
)
def test_a_provider_is_posta_certificata_with_or_without_a_name(sender: str) -> None:
    receipt = read(a_mail(f"CONSEGNA: Fattura {CODE}", sender), CODE, None)

    assert isinstance(receipt, Receipt)
    assert receipt.sender == "posta-certificata@pec.aruba.it"


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "mario@pec.example",
        '"Per conto di: posta-certificata@pec.aruba.it" ',
        "Per conto di: posta-certificata@pec.aruba.it",
        '"Per conto di: mario@pec.example" posta-certificata@pec.aruba.it',
        '"posta-certificata@pec.aruba.it" ',
        '"posta-certificata@pec.aruba.it" <mario@pec.example>',
        '"posta-certificata@pec.aruba.it" mario@pec.example',
        "posta-certificata@pec.aruba.it <mario@pec.example>",
        "posta-certificata@pec.aruba.it, mario@pec.example",
        "mario@pec.example, posta-certificata@pec.aruba.it",
        "posta-certificata@pec.aruba.it posta-certificata@legalmail.it",
        'posta-certificata@pec.aruba.it "mario"',
        "x-posta-certificata@pec.aruba.it",
        "posta-certificata.x@pec.aruba.it",
        "posta-certificata+x@pec.aruba.it",
        "posta-certificata@",
        "posta-certificata",
        "posta-certificata@pec.aruba.it@mario.example",
    ],
)
def test_no_other_sender_can_write_a_receipt(sender: str) -> None:
    assert read(a_mail(f"CONSEGNA: Fattura {CODE}", sender), CODE, "Fattura") is None
    assert read(a_mail(f"ALTRO: Fattura {CODE}", sender), CODE, "Fattura") is None


@given(st.text(max_size=60))
@PATIENT
def test_a_name_in_quotes_is_never_taken_for_the_sender(name: str) -> None:
    quoted = '"' + name.replace('"', "") + '"'

    assert read(a_mail(f"CONSEGNA: Fattura {CODE}", f"{quoted} mario@pec.example"), CODE, None) is None
    assert read(a_mail(f"CONSEGNA: Fattura {CODE}", quoted), CODE, None) is None


# Any words


@given(st.text(), st.text(), codes(), st.one_of(st.none(), st.text()))
@example("\ud800", f'il messaggio "\ud800 {CODE}" indirizzato a "\ud800@x.it"', CODE, None)
@PATIENT
def test_no_subject_and_no_text_breaks_the_reading(
    subject: str, text: str, code: str, ours: str | None
) -> None:
    found = read(Mail(PROVIDER, "", None, f"CONSEGNA: {subject} {code}", text), code, ours)

    assert found is not None
    assert len(found.key) == 16


@given(subjects(), codes(), st.sampled_from(HEADINGS), st.sampled_from(HEADINGS))
@PATIENT
def test_no_heading_reads_as_another(subject: str, code: str, one: Heading, other: Heading) -> None:
    assume((one.kind, one.virus) != (other.kind, other.virus))
    mine, others = (read(mail_of(heading, subject, code), code, subject) for heading in (one, other))

    kinds = [(found.kind, found.virus) if isinstance(found, Receipt) else None for found in (mine, others)]
    assert kinds[0] != kinds[1]


@pytest.mark.parametrize("begins", ["RE:", "I:", "CONSEGNA:"])
def test_an_answer_of_ours_whose_subject_was_cut_is_known_by_its_reference(begins: str) -> None:
    mail = a_mail(f"CONSEGNA: {begins} Fatt {reference_tag('97LP2')} {CODE}")

    assert kind_of(mail, subject=f"{begins} Fattura n. 1 {reference_tag('97LP2')}") is Kind.CONSEGNA


# Memory


def test_long_subjects_and_senders_are_read_and_not_kept() -> None:
    def read_long(number: int) -> None:
        padding = f"{number} " + "x" * 100_000
        subject = f"CONSEGNA: {padding} {CODE}"
        receipt = read(a_mail(subject), CODE, padding)
        assert isinstance(receipt, Receipt)
        assert receipt.subject == padding
        assert code_in(a_mail(subject)) == CODE
        assert code_in(Mail(f'"{padding}" <{PROVIDER}>', "", None, f"CONSEGNA: x {CODE}", None)) == CODE

    tracemalloc.start()
    try:
        read_long(0)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1, 11):
            read_long(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 200_000
