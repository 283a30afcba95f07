"""A receipt of ours is known by its subject, however a provider or a mail program spells it; another subject is not."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pec.receipts import Heading, Kind, Unrecognised, code_in, find, read
from pec.subjects import reference_tag, same_subject
from tests.unit.pec.strategies import (
    CODE,
    FOREIGN_HEADINGS,
    PATIENT,
    RECEIPT_HEADINGS,
    a_mail,
    codes,
    kind_of,
    mail_of,
    mangled,
    subjects,
)

LONG = "Comunicazione ai sensi dell'art. 12 del regolamento: è convocata l'assemblea dei soci"


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
def test_our_reference_and_our_exact_code_prove_a_receipt_whatever_else_was_changed(
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
