"""A mail is a receipt of ours by its sender, its heading and our exact code; nothing else is."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pec.receipts import HEADINGS, Heading, Kind, Mail, Receipt, Unrecognised, code_in, find, read
from pec.subjects import reference_tag, same_subject
from tests.unit.pec.strategies import (
    FOREIGN_HEADINGS,
    PATIENT,
    PROVIDER,
    RECEIPT_HEADINGS,
    codes,
    mail_of,
    mangled,
    subjects,
)

CODE = "2020082610003492"
LONG = "Comunicazione ai sensi dell'art. 12 del regolamento: è convocata l'assemblea dei soci"


def a_mail(subject: str, sender: str = PROVIDER) -> Mail:
    return Mail(sender, "dev-api@pecmassiva.com", datetime(2020, 8, 26, 8, 0, 35, tzinfo=UTC), subject, None)


def kind_of(mail: Mail, code: str = CODE, subject: str | None = None) -> Kind | None:
    receipt = read(mail, code, subject)
    return receipt.kind if isinstance(receipt, Receipt) else None


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


# Spellings

ACCENTED = "Comunicazione per la società Rossi – “Bilancio”"


def encoded(subject: str, charset: str, way: str) -> str:
    """The whole subject in encoded words, split wherever it takes the writer, bytes and all."""
    data = subject.encode(charset, "replace")
    words = []
    for start in range(0, len(data), 11):
        piece = data[start : start + 11]
        text = b64encode(piece).decode() if way in "bB" else "".join(f"={byte:02X}" for byte in piece)
        words.append(f"=?{charset}?{way}?{text}?=")
    return "\r\n ".join(words)


@given(
    st.sampled_from(RECEIPT_HEADINGS),
    subjects(),
    codes(),
    st.sampled_from(["utf-8", "UTF-8", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii", "utf-8*it"]),
    st.sampled_from("qQbB"),
    st.sampled_from(["all", "subject", "subject and code"]),
)
@PATIENT
def test_encoded_words_of_any_charset_are_decoded_before_anything_is_compared(
    heading: Heading, subject: str, code: str, charset: str, way: str, part: str
) -> None:
    words = partial(encoded, charset=charset.partition("*")[0], way=way)
    folded = " ".join(subject.split())
    assume(folded)
    spelled = {
        "all": words(f"{heading.words}: {folded} {code}"),
        "subject": f"{heading.words}: {words(folded)} {code}",
        "subject and code": f"{heading.words}: {words(f'{folded} {code}')}",
    }[part]

    assert kind_of(a_mail(spelled), code, subject) is heading.kind


@pytest.mark.parametrize(
    "spelled",
    [
        "=?utf-8?q?ACCETTAZIONE:_Comunicazione_per_la_societ=C3=A0_Rossi_=E2=80=93_=E2=80=9CBilancio=E2=80=9D_{code}?=",
        'ACCETTAZIONE: Comunicazione per la =?utf-8?q?societ=C3=A0?= Rossi - "Bilancio" {code}',
        "ACCETTAZIONE: =?utf-8?Q?Comunicazione_per_la_societ=C3?= =?utf-8?Q?=A0_Rossi_Bilancio?= {code}",
        "ACCETTAZIONE: =?utf-8?q?Comunicazione per la societ=C3=A0 Rossi Bilancio {code}",
        "ACCETTAZIONE: =?x-unknown?q?Comunicazione_per_la_societ=C3=A0_Rossi_Bilancio?= {code}",
        "ACCETTAZIONE:_Comunicazione_per_la_società_Rossi_–_“Bilancio”_{code}",
        "ACCETTAZIONE:_Comunicazione_per_la_societ=C3=A0_Rossi_=E2=80=93_Bilancio_{code}",
        "ACCETTAZIONE: Comunicazione_per_la_società_Rossi_–_“Bilancio” {code}",
        'ACCETTAZIONE: Comunicazione per la società Rossi - "Bilancio" {code}',
        'ACCETTAZIONE: Comunicazione per la societ\ufffd Rossi \ufffd \\"Bilancio\\" {code}',
        "=?utf-8?q?=3D=3Futf-8=3Fq=3FACCETTAZIONE=3A=5FComunicazione=5Fper=5Fla=5Fsociet=3DC3=3DA0=5FRossi?="
        " =?utf-8?q?=5F=3DE2=3D80=3D9CBilancio=3DE2=3D80=3D9D=5F{code}=3F=3D?=",
        "ACCETTAZIONE:\u00a0Comunicazione\u00a0per\u00a0la società\u00a0Rossi – “Bilancio”\u00a0{code}",
        "ACCETTAZIONE: Comunicazione per la societ&agrave; Rossi &ndash; &ldquo;Bilancio&rdquo; {code}",
    ],
)
def test_a_half_decoded_subject_is_still_ours(spelled: str) -> None:
    mail = a_mail(spelled.format(code=CODE))

    assert kind_of(mail, subject=ACCENTED) is Kind.ACCETTAZIONE
    assert code_in(mail) == CODE
    found = find(mail, ACCENTED, None)
    assert found
    assert found.code == CODE


def test_spaces_lost_between_encoded_words_do_not_matter_beside_the_exact_code() -> None:
    mail = a_mail(f"CONSEGNA: Convocazione dell=?utf-8?q?=E2=80=99assemblea?= =?utf-8?q?Rossi?= 5 {CODE}")

    assert kind_of(mail, subject="Convocazione dell’assemblea Rossi 5") is Kind.CONSEGNA
    assert find(mail, "Convocazione dell’assemblea Rossi 5", None) is None
    assert isinstance(read(mail, CODE, "Convocazione dell’assemblea Rossi 6"), Unrecognised)


@given(st.sampled_from(FOREIGN_HEADINGS), subjects(), codes(), st.sampled_from("qb"))
@PATIENT
def test_no_spelling_makes_a_receipt_of_a_mail_that_another_sender_sent_us(
    heading: Heading, subject: str, code: str, way: str
) -> None:
    whole = f"{heading.words}: CONSEGNA: {' '.join(subject.split())} {code}"
    inner = encoded(f"CONSEGNA: {subject} {code}", "utf-8", way)

    for spelled in (
        encoded(whole, "utf-8", way),
        whole.replace(" ", "_"),
        f"{heading.words}: {inner} {code}",
    ):
        assert read(a_mail(spelled), code, subject) is None
        assert find(a_mail(spelled), subject, None) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Convocazione dell’assemblea – “Bilancio”", 'Convocazione dell\'assemblea - "Bilancio"'),
        ("Convocazione dell’assemblea – “Bilancio”", "Convocazione dell'assemblea \ufffd \"Bilancio\ufffd"),
        ("Gara <lotto 3> n. 5", "Gara  n. 5"),
        ("Gara <lotto 3> n. 5", "Gara lotto 3 n. 5"),
        ("Gara <lotto 3> n. 5", "Gara &lt;lotto 3&gt; n. 5"),
        ("Anni 2020–2026…", "Anni 2020-2026..."),
        ("100 € – «tutto»", '100 EUR - "tutto"'),
    ],
)
@pytest.mark.parametrize("reference", ["97LP2", None])
def test_straightened_quotes_and_stripped_brackets_leave_a_receipt_ours(
    ours: str, theirs: str, reference: str | None
) -> None:
    end = f" {reference_tag(reference)}" if reference else ""
    mail = a_mail(f"CONSEGNA: {theirs}{end} {CODE}")

    assert kind_of(mail, subject=ours + end) is Kind.CONSEGNA
    assert find(mail, ours + end, reference)


@given(subjects(), subjects().map(lambda text: f"x{text}"))  # which no answer begins with
@PATIENT
def test_our_reference_and_our_exact_code_prove_a_receipt_whatever_became_of_the_rest(
    ours: str, theirs: str
) -> None:
    mail = a_mail(f"CONSEGNA: {theirs} {reference_tag('97LP2')} {CODE}")

    assert kind_of(mail, subject=f"{ours} {reference_tag('97LP2')}") is Kind.CONSEGNA
    assert read(mail, f"{CODE}0", f"{ours} {reference_tag('97LP2')}") is None


@pytest.mark.parametrize(
    "quoted",
    [
        "RE: Fattura",
        "R: Fattura",
        "i: AVVISO DI MANCATA CONSEGNA: Fattura",
        "AVVISO DI MANCATA CONSEGNA: Fattura",
        "Fwd: POSTA CERTIFICATA: Fattura",
    ],
)
def test_a_receipt_of_a_person_who_answers_or_forwards_ours_is_not_ours(quoted: str) -> None:
    mail = a_mail(f"CONSEGNA: {quoted} {reference_tag('97LP2')} {CODE}")

    assert isinstance(read(mail, CODE, f"Fattura {reference_tag('97LP2')}"), Unrecognised)


def test_an_answer_that_we_sent_ourselves_has_receipts_of_its_own() -> None:
    mail = a_mail(f"CONSEGNA: RE: Fattur? {reference_tag('97LP2')} {CODE}")

    assert kind_of(mail, subject=f"RE: Fatturà {reference_tag('97LP2')}") is Kind.CONSEGNA


def test_another_reference_proves_nothing() -> None:
    mail = a_mail(f"CONSEGNA: Altro {reference_tag('97LP3')} {CODE}")

    assert isinstance(read(mail, CODE, f"Fattura {reference_tag('97LP2')}"), Unrecognised)


@pytest.mark.parametrize("noise", ["=?utf-8?q?", "=?", "?=", "_", "=C3", "<", "&amp;", "[rif. "])
@pytest.mark.timeout(10)
def test_no_subject_takes_long_to_read(noise: str) -> None:
    for length in (900, 100_000):
        read(a_mail(f"CONSEGNA: {noise * length} {CODE}"), CODE, ACCENTED)


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


# Subjects


@given(st.data(), st.sampled_from(RECEIPT_HEADINGS), subjects(), codes())
@PATIENT
def test_mangled_accents_and_folded_white_space_keep_a_receipt_ours(
    data: st.DataObject, heading: Heading, subject: str, code: str
) -> None:
    mail = mail_of(heading, data.draw(mangled(subject)), code)

    assert kind_of(mail, code, subject) is heading.kind


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Perché è così", "Perch\ufffd \ufffd cos\ufffd"),
        ("Perché è così", "Perch  cos"),
        ("Perché è così", "Perch? ? cos?"),
        ("Perché è così", "PerchÃ© Ã¨ cosÃ¬"),
        ("Perché è così", "Perche e cosi"),
        ("Perché è così", "Perche\u0301 e\u0300 cosi\u0300"),
        ("Perche\u0301", "Perché"),
        ("Perche\u0301", "Perch\ufffd"),
        ("Perche\u0301", "Perche\ufffd"),
        ("Perché e\u0300 cosi", "Perch\ufffd e\ufffd cosi"),
        ("n.\u00a01: é e\u0300", "n.\ufffd1: \ufffd e\ufffd"),
        ("1ª rata: è", "1ª rata: e\u0300"),
        ("Fattura\u00a0è", "Fattura e\u0300"),
        ("Fattura\u00a0n. 12", "Fattura n. 12"),
        ("Fattura\u00a0n. 12 è", "Fattura n. 12 \ufffd"),
        ("Fattura   n.\t12", "Fattura n. 12"),
    ],
)
def test_accents_and_white_space_are_compared_leniently(ours: str, theirs: str) -> None:
    assert same_subject(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Fattura 12", "Fattura 13"),
        ("Fattura 12", "Fattura 12 bis"),
        ("Fattura 12", "Re: Fattura 12"),
        ("Fattura 1 12", "Fattura 11 2"),
        ("Fattura 12", "fattura 12"),
        ("Fattura 12", "Fattura"),
        ("Fattura 12", ""),
        (LONG, LONG[:20]),
        (LONG, LONG[1:]),
        (LONG, LONG + " e altro"),
    ],
)
def test_another_subject_is_another(ours: str, theirs: str) -> None:
    assert not same_subject(ours, theirs)


@given(st.data(), st.integers(40, len(LONG)), st.sampled_from(["", "...", "…"]))
@PATIENT
def test_a_long_subject_may_be_cut_off(data: st.DataObject, length: int, dots: str) -> None:
    cut = data.draw(mangled(LONG[:length])) + dots

    assert same_subject(LONG, cut)
    assert kind_of(a_mail(f"CONSEGNA: {cut} {CODE}"), CODE, LONG) is Kind.CONSEGNA


@pytest.mark.parametrize("theirs", ["RE: Fattura", "Sollecito", ""])
def test_another_subject_with_our_code_is_reported(theirs: str) -> None:
    unrecognised = read(a_mail(f"CONSEGNA: {theirs} {CODE}"), CODE, "Fattura")

    assert isinstance(unrecognised, Unrecognised)
    assert "subject" in unrecognised.why


def test_a_followed_code_without_a_known_subject_takes_any_subject() -> None:
    assert kind_of(a_mail(f"CONSEGNA: qualunque cosa {CODE}"), subject=None) is Kind.CONSEGNA


def test_an_unrecognised_mail_is_known_again_with_or_without_its_text() -> None:
    listed = a_mail(f"ALTRO: perch\ufffd {CODE}")
    fetched = replace(listed, subject=f"ALTRO: perché {CODE}", text="testo")
    later = replace(listed, date=datetime(2020, 8, 26, 9, 0, tzinfo=UTC))
    keys = [
        found.key
        for mail in (listed, fetched, later)
        if isinstance(found := read(mail, CODE, None), Unrecognised)
    ]

    assert keys[0] == keys[1] != keys[2]


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
