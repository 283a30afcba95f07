"""A receipt's text says whom it names, which notice, which error; whatever subject and body say."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pec.receipts import HEADINGS, Kind, Named, Receipt, read
from tests.unit.pec.strategies import PATIENT, codes, mail_of, mangled, subjects

CODE = "2020082610003492"
OPENING = 'Il giorno 26/08/2020 alle ore 10:00:35 (+0200) il messaggio "{}" proveniente da "a@pec.example"'
ACCEPTED = (
    OPENING
    + ' ed indirizzato a: b@pec.example ("posta certificata") è stato accettato dal sistema ed inoltrato. '
    "Identificativo messaggio: opec292.20200826100035.12345.67.1.53@pec.aruba.it"
)
DELIVERED = OPENING + ' ed indirizzato a "b@pec.example" è stato consegnato nella casella di destinazione.'
ERROR = (
    OPENING.replace("il messaggio", "nel messaggio")
    + ' e destinato all\'utente "b@pec.example" è stato rilevato un errore 5.1.1 - ARUBA PEC S.p.A. - '
    "indirizzo non valido. Il messaggio è stato rifiutato dal sistema."
)
TWELVE = (
    OPENING
    + ' e destinato all\'utente "b@pec.example" non è stato consegnato nelle prime dodici ore dal suo '
    "invio. Se nelle successive dodici ore non sarà consegnato, sarà inviato un altro avviso."
)
TWENTY_FOUR = (
    OPENING + ' e destinato all\'utente "b@pec.example" non è stato consegnato nelle ventiquattro ore '
    "successive al suo invio."
)
REFUSED = (
    OPENING.replace("il messaggio", "nel messaggio")
    + " ed indirizzato a: b@pec.example è stato rilevato un problema che ne impedisce l'accettazione a causa "
    "di 5.5.1 virus. Il messaggio non è stato accettato."
)
TEXTS = {
    Kind.ACCETTAZIONE: ACCEPTED,
    Kind.CONSEGNA: DELIVERED,
    Kind.MANCATA_CONSEGNA: ERROR,
    Kind.NON_ACCETTAZIONE: REFUSED,
    Kind.PREAVVISO: TWELVE,
}
MARKS = [
    'indirizzato a: evil@x.example ("posta ordinaria")',
    'indirizzato a "evil@x.example"',
    'destinato all\'utente "evil@x.example"',
    '" proveniente da "z@x.example" ed indirizzato a "evil@x.example',
    "entro ventiquattro ore",
    "entro dodici ore: errore 5.4.1",
    'il messaggio "',
]


def receipt_of(kind: Kind, text: str | None, subject: str = "Fattura") -> Receipt:
    heading = next(heading for heading in HEADINGS if heading.kind is kind)
    receipt = read(mail_of(heading, subject, CODE, text), CODE, subject)
    assert isinstance(receipt, Receipt)
    return receipt


def named(kind: Kind, text: str | None, subject: str = "Fattura") -> list[tuple[str, bool | None]]:
    return [(one.address, one.certified) for one in receipt_of(kind, text, subject).named]


# Whom it names


@pytest.mark.parametrize("quoted", ["Fattura", f"Fattura {CODE}"])
@pytest.mark.parametrize("kind", Kind)
def test_the_texts_of_the_providers_name_the_recipient(kind: Kind, quoted: str) -> None:
    certified = True if kind is Kind.ACCETTAZIONE else None

    assert receipt_of(kind, TEXTS[kind].format(quoted)).named == (Named("b@pec.example", certified),)


def test_an_acceptance_reports_which_recipients_are_ordinary_mail() -> None:
    several = 'b@pec.example ("posta certificata"), c@mail.example ("posta ordinaria"), d@pec.example'
    text = ACCEPTED.format(f"Fattura {CODE}").replace('b@pec.example ("posta certificata")', several)

    assert named(Kind.ACCETTAZIONE, text) == [
        ("b@pec.example", True),
        ("c@mail.example", False),
        ("d@pec.example", None),
    ]


def _html(text: str) -> str:
    return f"<html><head><title>Ricevuta</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    "written",
    [
        _html,
        lambda text: text.replace('"', "&quot;"),
        lambda text: text.replace(" ", "\r\n"),
        lambda text: text.replace(" ", "&nbsp;"),
        lambda text: text.replace("è", "\ufffd"),
        lambda text: text.replace("è", "&egrave;"),
        lambda text: text.replace("è", "e'"),
        lambda text: text.replace("b@pec.example", "<b@pec.example>"),
        lambda text: text.replace("b@pec.example", "&lt;b@pec.example&gt;"),
        lambda text: text.replace("b@pec.example", '<a href="mailto:b@pec.example">b@pec.example</a>'),
        lambda text: text.replace("b@pec.example", "<b>b@pec.example</b>"),
        lambda text: text.replace(f"Fattura {CODE}", f"<b>Fattura {CODE}</b>"),
        lambda text: text.replace("indirizzato a", "indirizzato<br/>\n a "),
        lambda text: text.replace('"', "”"),
        lambda text: text.replace("all'utente", "all’utente"),
        lambda text: text.replace("all'utente", "all&#39;utente"),
        lambda text: text.replace("all'utente", "all\ufffdutente"),
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_html_entities_line_breaks_and_mangled_letters_do_not_matter(
    kind: Kind, written: Callable[[str], str]
) -> None:
    plain = receipt_of(kind, TEXTS[kind].format(f"Fattura {CODE}"))
    otherwise = receipt_of(kind, written(TEXTS[kind].format(f"Fattura {CODE}")))

    assert otherwise.named == plain.named
    assert (otherwise.error, otherwise.final) == (plain.error, plain.final)
    assert otherwise.key == plain.key


@pytest.mark.parametrize(
    "addresses",
    [
        "b@x.example, c@x.example",
        "b@x.example\nc@x.example",
        "b@x.example;c@x.example.",
        "b@x.example e c@x.example",
        '"b@x.example", "c@x.example"',
        "'b@x.example' 'c@x.example'",
        "<b@x.example>, <c@x.example>",
        "b@x.example<br>c@x.example<br>",
    ],
)
def test_recipients_may_be_separated_in_many_ways(addresses: str) -> None:
    text = ACCEPTED.format(f"Fattura {CODE}").replace('b@pec.example ("posta certificata")', addresses)

    assert named(Kind.ACCETTAZIONE, text) == [("b@x.example", None), ("c@x.example", None)]


@pytest.mark.parametrize("text", [None, "", "  \n ", "<p></p>", "testo qualunque", "\ufffd"])
@pytest.mark.parametrize("kind", Kind)
def test_a_text_that_is_missing_or_says_nothing_names_no_recipient(kind: Kind, text: str | None) -> None:
    receipt = receipt_of(kind, text)

    assert (receipt.named, receipt.final, receipt.error) == ((), None, None)


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_an_empty_text_is_none(text: str | None) -> None:
    assert receipt_of(Kind.CONSEGNA, text).text is None


def test_a_text_is_kept_as_it_came() -> None:
    assert receipt_of(Kind.CONSEGNA, " <p>Consegnato</p>\n").text == " <p>Consegnato</p>\n"


# What the sender wrote is not what the provider says


@given(st.data(), st.sampled_from(Kind), subjects(), st.sampled_from(MARKS), codes())
@PATIENT
def test_nothing_in_the_quoted_subject_is_taken_for_the_providers_words(
    data: st.DataObject, kind: Kind, start: str, trap: str, code: str
) -> None:
    subject = f"{start} {trap}"
    assume(code not in subject)  # the API gives it when the subject is written
    heading = next(heading for heading in HEADINGS if heading.kind is kind)
    text = TEXTS[kind].format(f"{data.draw(mangled(subject))} {code}")
    receipt = read(mail_of(heading, subject, code, text), code, subject)

    assert isinstance(receipt, Receipt)
    assert [one.address for one in receipt.named] == ["b@pec.example"]
    assert receipt.error == receipt_of(kind, TEXTS[kind].format(CODE)).error
    assert receipt.final is (False if kind is Kind.PREAVVISO else None)


@pytest.mark.parametrize("trap", MARKS)
@pytest.mark.parametrize("kind", Kind)
def test_nor_where_the_text_leaves_out_the_code(kind: Kind, trap: str) -> None:
    subject = f"Avviso: {trap}"

    assert [address for address, _ in named(kind, TEXTS[kind].format(subject), subject)] == ["b@pec.example"]


@pytest.mark.parametrize("trap", MARKS[:3])
def test_nor_where_the_text_mangles_the_subject_and_leaves_out_the_code(trap: str) -> None:
    text = DELIVERED.format(f"Perch\ufffd {trap}")

    assert named(Kind.CONSEGNA, text, f"Perché {trap}") == [("b@pec.example", None)]


@pytest.mark.parametrize("trap", MARKS)
@pytest.mark.parametrize("kind", Kind)
def test_the_providers_sentence_comes_before_the_message_that_it_repeats(kind: Kind, trap: str) -> None:
    text = f"{TEXTS[kind].format(f'Fattura {CODE}')}\nIdentificativo messaggio: 1@x\n{trap}"
    receipt, alone = receipt_of(kind, text), receipt_of(kind, TEXTS[kind].format(CODE))

    assert [one.address for one in receipt.named] == ["b@pec.example"]
    assert (receipt.error, receipt.final) == (alone.error, alone.final)


def test_words_far_behind_the_recipients_are_the_messages() -> None:
    text = (
        TWELVE.format(f"Fattura {CODE}") + " Segue il messaggio originale. " * 40 + "entro ventiquattro ore"
    )

    assert receipt_of(Kind.PREAVVISO, text).final is False


def test_a_message_that_quotes_its_own_subject_changes_nothing() -> None:
    subject = f"Avviso {MARKS[3]}"
    text = DELIVERED.format(f"{subject} {CODE}") + f' Oggetto: "{subject} {CODE}" ' + MARKS[2]

    assert named(Kind.CONSEGNA, text, subject) == [("b@pec.example", None)]


def test_a_quoted_subject_may_be_set_in_bold() -> None:
    subject = f"Avviso {MARKS[3]}"

    assert named(Kind.CONSEGNA, DELIVERED.format(f"<b>{subject} {CODE}</b>"), subject) == [
        ("b@pec.example", None)
    ]


def test_a_text_cut_off_behind_the_subject_names_no_recipient() -> None:
    subject = f"Avviso {MARKS[0]}"

    assert named(Kind.ACCETTAZIONE, f'Il giorno 26/08/2020 il messaggio "{subject} {CODE}"', subject) == []


def test_words_that_are_followed_by_no_address_name_no_recipient() -> None:
    sentence = 'proveniente da un utente, indirizzato a molti e destinato all\'utente "b@pec.example"'

    assert named(Kind.MANCATA_CONSEGNA, f'nel messaggio "Fattura {CODE}" {sentence}') == [
        ("b@pec.example", None)
    ]


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    assert named(Kind.ACCETTAZIONE, "a " * 150_000 + ACCEPTED.format(f"Fattura {CODE}")) == []


@pytest.mark.parametrize("trap", MARKS[:4])
def test_a_delivery_whose_text_is_only_the_body_names_no_recipient(trap: str) -> None:
    assert named(Kind.CONSEGNA, f"Salve, in allegato la ricevuta {trap}") == []


def test_a_very_long_text_is_read_quickly() -> None:
    text = DELIVERED.format(f"Fattura {CODE}") + "<a@" * 2_000_000

    assert named(Kind.CONSEGNA, text) == [("b@pec.example", None)]


@pytest.mark.parametrize(
    "noise", ["<a", "a@", "<a@b", '"', "indirizzato a ", "(posta ", "5.1.", "' ", "il messaggio "]
)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.timeout(10)
def test_no_text_takes_long_to_read(kind: Kind, noise: str) -> None:
    assert receipt_of(kind, noise * 100_000).named == ()


# Notices and errors


@pytest.mark.parametrize(
    ("words", "final"),
    [
        ("non è stato consegnato nelle prime dodici ore dal suo invio", False),
        ("non è stato consegnato nelle prime 12 ore", False),
        ("NON CONSEGNATO IN DODICI ORE", False),
        ("non è stato consegnato nelle ventiquattro ore successive", True),
        ("non è stato consegnato entro 24 ore", True),
        ("è stato rilevato un errore 5.4.1 - tempo massimo superato", True),
        ("dodici ore fa un avviso; ora sono passate ventiquattro ore", None),
        ("5.4.1: dodici ore", None),
        ("è stato rilevato un errore 5.1.1", None),
        ("alle ore 12:00:00 del giorno 24", None),
        ("112 ore o 124 ore", None),
        ("", None),
    ],
)
@pytest.mark.parametrize(
    "opening", [OPENING.format(f"Fattura {CODE}") + ' e destinato a "b@pec.example" ', ""]
)
def test_a_time_out_notice_is_final_by_its_words_or_undecided(
    opening: str, words: str, final: bool | None
) -> None:
    assert receipt_of(Kind.PREAVVISO, opening + words).final is final


def test_the_recipient_may_be_named_behind_the_hours_and_the_error() -> None:
    text = (
        f'Errore 5.4.1: il messaggio "Fattura {CODE}" non consegnato entro 24 ore e destinato a b@pec.example'
    )

    assert receipt_of(Kind.PREAVVISO, text).final is True
    assert named(Kind.PREAVVISO, text) == [("b@pec.example", None)]


def test_only_a_time_out_notice_has_hours() -> None:
    for kind in set(Kind) - {Kind.PREAVVISO}:
        assert receipt_of(kind, TWENTY_FOUR.format(f"Fattura {CODE}")).final is None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("un errore 5.1.1 - ARUBA PEC S.p.A. - indirizzo non valido", "5.1.1"),
        ("un errore 5.4.1.", "5.4.1"),
        ("(#5.5.1)", "5.5.1"),
        ("un errore 4.2.2: casella piena", "4.2.2"),
        ("un errore 5.0.0 - 552 5.2.2 mailbox full", "5.2.2"),
        ("un errore 5.2.2 - 550 5.1.1", "5.2.2"),
        ("un errore 4.0.0 - 5.0.0", "4.0.0"),
        ("dal server 5.1.1.10", None),
        ("versione 15.1.1", None),
        ("indirizzo non valido", None),
    ],
)
def test_an_error_is_an_enhanced_status_code(words: str, error: str | None) -> None:
    text = OPENING.format(f"Fattura {CODE}") + f' e destinato all\'utente "b@pec.example" {words}'

    assert receipt_of(Kind.MANCATA_CONSEGNA, text).error == error
    assert receipt_of(Kind.CONSEGNA, text).error is None
    assert receipt_of(Kind.ACCETTAZIONE, text).error is None
