"""A program's mark in place of a value reaches no letter; a person's text does."""

import pytest

from producers.campaigns.spoilt import doubt_of, problem_of

ERRORS = [
    *(
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
    ),
    *(
        "#CONNECT!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#FIELD!",
        "#BUSY!",
        "#EXTERNAL!",
        "#PYTHON!",
        "#TIMEOUT!",
        "#ERROR!",
    ),
    *(
        "#NULLO!",
        "#VALORE!",
        "#RIF!",
        "#NOME?",
        "#N/D",
        "#ND",
        "#ESPANSIONE!",
        "#CAMPO!",
        "#CALCOLO!",
        "#BLOCCATO!",
    ),
    *(
        "#CONNETTI!",
        "#SCONOSCIUTO!",
        "#OCCUPATO!",
        "#ERRORE!",
        "#ESTRAZIONE_DATI",
        "#DATI_ESTERNI!",
        "#WERT!",
    ),
    *("Err:502", "err:508", "Err:522", "Err: 504", "Errore:502", "#N/A N/A", "#N/A Requesting Data..."),
]
NOT_YET = [
    *(
        "Loading...",
        "Loading…",
        "loading ...",
        "Caricamento in corso…",
        "Caricamento in corso...",
        "Caricamento…",
    ),
    *("Caricamento dati in corso...", "Calcolo in corso...", "Calculating..."),
]
VALUES = [
    *(
        "#12",
        "#A-7",
        "#12/A",
        "#",
        "##",
        "#hashtag",
        "#IoRestoACasa",
        "#ROMA",
        "#FORZA_ROMA",
        "#Andiamo!",
        "#1!",
    ),
    *(
        "#REF",
        "N/D",
        "n.d.",
        "Error",
        "Errico",
        "Err.",
        "E",
        "Loading",
        "Caricamento merci",
        "Caricamento in corso",
    ),
    *("", "=", "= ", "=Nome", "=)", "== Nota ==", "a=b", "- 5", "C#", "Via #3?"),
]


@pytest.mark.parametrize("value", ERRORS)
def test_an_error_of_a_formula_is_none(value: str) -> None:
    assert problem_of(value) == f"holds the error {value} of a formula: correct it"


@pytest.mark.parametrize("value", NOT_YET)
def test_a_value_that_is_still_to_come_is_none(value: str) -> None:
    assert "not yet its value: wait" in (problem_of(value) or "")


@pytest.mark.parametrize("value", ["###", "########"])
def test_a_column_that_was_too_narrow_is_none(value: str) -> None:
    assert "widen the column" in (problem_of(value) or "")


@pytest.mark.parametrize(
    "value",
    [
        "=A1+B1",
        '=HYPERLINK("http://x";"x")',
        "=-5",
        "= SOMMA(A1:A9)",
        "=@nome",
        "=Foglio1!A2",
        "=-(B2)",
        "=“00184”",
    ],
)
def test_a_formula_is_not_its_result(value: str) -> None:
    assert f"holds the formula {value}, not its result" in (problem_of(value) or "")


def test_a_letter_that_was_lost_is_reported() -> None:
    assert "a letter that was lost" in (problem_of("Societ\ufffd") or "")


@pytest.mark.parametrize("value", VALUES)
def test_what_a_person_writes_with_such_signs_is_a_value(value: str) -> None:
    assert problem_of(value) is None


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("value", ["Società Alfa", "FORLÌ", "perché", "Nicolò", "più", "Città"])
def test_utf_8_that_another_program_misread_reaches_no_letter(value: str, encoding: str) -> None:
    misread = value.encode().decode(encoding, "replace")

    assert "accents" in (problem_of(misread.strip()) or "") or "lost" in (problem_of(misread) or "")


@pytest.mark.parametrize("value", ["dellâ€™anno", "â‚¬ 10", "nÂ° 5", "â€œBarâ€\x9d"])
def test_signs_that_another_program_misread_reach_no_letter(value: str) -> None:
    assert "accents" in (problem_of(value) or "")


@pytest.mark.parametrize(
    "value", ["JOÃO", "Âge", "São Paulo", "n° 5", "√2", "3√2", "Ângela", "crêpe", "IRMÃ", "«Bar»", "â"]
)
def test_foreign_letters_are_values(value: str) -> None:
    assert problem_of(value) is None


@pytest.mark.parametrize(
    "value", ["NULL", "\\N", "nan", "undefined", "&amp;", "Societ&agrave;", "'00184", "1,2E+15"]
)
def test_values_that_look_like_a_programs_are_doubted(value: str) -> None:
    assert doubt_of(value)


@pytest.mark.parametrize("value", ["'ndrangheta", "Null", "R&D", "Nando", "AT&T; altro", ""])
def test_values_that_people_write_are_not_doubted(value: str) -> None:
    assert doubt_of(value) is None


@pytest.mark.parametrize(
    "value", ["€ #N/D", "#RIF!A2", "#DIV/0", "#N/D!", "totale: #VALORE!", "In caricamento…"]
)
def test_an_error_beside_other_text_reaches_no_letter(value: str) -> None:
    assert problem_of(value)


@pytest.mark.parametrize("value", ["+B2*C2", "-A1+B1", "@SUM(A1:A3)"])
def test_a_formula_that_begins_with_another_sign_reaches_no_letter(value: str) -> None:
    assert "formula" in (problem_of(value) or "")


@pytest.mark.parametrize(
    "value",
    [
        "+39 06 123",
        "-B12",
        "-5",
        "@rossi",
        "via #Roma!",
        "pratica #N/12",
        "x &#82;",
        "A1/2026",
        "#NUMERO",
    ],
)
def test_what_is_like_an_error_within_a_text_is_a_value(value: str) -> None:
    assert problem_of(value) is None
