"""Receipts say what the rules and real messages say."""

import pytest

from sandbox.clock import Instant
from sandbox.receipt_texts import WORDINGS, Letter, write
from sandbox.scenarios import Due, Receipt
from sandbox.writing import Writing

SUMMER = Instant(0.0, 1598428834.0)  # 26/08/2020 08:00:34 UTC
WINTER = Instant(0.0, 1606377634.0)  # 26/11/2020 08:00:34 UTC
LETTER = Letter("me@x", ("a@x", "posta-ordinaria@y"), "Perché {no} 2020082610003492", "id.1")


def text(receipt: Receipt, at: Instant = SUMMER) -> str:
    return write(Due(receipt, "a@x", at), LETTER, Writing())[1]


def test_accettazione_word_for_word() -> None:
    assert write(Due(Receipt.ACCEPTANCE, None, SUMMER), LETTER, Writing()) == (
        "ACCETTAZIONE: Perché {no} 2020082610003492",
        'Il giorno 26/08/2020 alle ore 10:00:34 (+0200) il messaggio "Perché {no} 2020082610003492" '
        'proveniente da "me@x" ed indirizzato a: a@x ("posta certificata"), '
        'posta-ordinaria@y ("posta ordinaria") è stato accettato dal sistema ed inoltrato. '
        "Identificativo messaggio: id.1",
    )


def test_times_are_in_rome_in_winter_too() -> None:
    assert text(Receipt.DELIVERY, WINTER).startswith("Il giorno 26/11/2020 alle ore 09:00:34 (+0100) ")


@pytest.mark.parametrize(
    ("receipt", "prefix"),
    [
        (Receipt.REFUSAL, "AVVISO DI NON ACCETTAZIONE: "),
        (Receipt.VIRUS_REFUSAL, "AVVISO DI NON ACCETTAZIONE PER VIRUS: "),
        (Receipt.DELIVERY, "CONSEGNA: "),
        (Receipt.NON_DELIVERY, "AVVISO DI MANCATA CONSEGNA: "),
        (Receipt.TWELVE_HOURS, "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: "),
        (Receipt.TWENTY_FOUR_HOURS, "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: "),
    ],
)
def test_a_subject_is_prefix_subject_and_code(receipt: Receipt, prefix: str) -> None:
    assert write(Due(receipt, "a@x", SUMMER), LETTER, Writing())[0] == prefix + LETTER.subject


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        (Receipt.VIRUS_REFUSAL, "5.5.1 - "),
        (Receipt.NON_DELIVERY, "5.1.1 - pecmassiva.example - indirizzo non valido."),
        (Receipt.FULL_MAILBOX, "5.2.2 - pecmassiva.example - casella piena."),
        (Receipt.TWELVE_HOURS, "nelle prime dodici ore"),
        (Receipt.TWENTY_FOUR_HOURS, "5.4.1 - "),
        (Receipt.TWENTY_FOUR_HOURS, "nelle ventiquattro ore"),
    ],
)
def test_an_end_is_recognised_by_its_words(receipt: Receipt, words: str) -> None:
    assert words in text(receipt)


def test_every_receipt_has_a_wording() -> None:
    assert set(WORDINGS) == set(Receipt)
