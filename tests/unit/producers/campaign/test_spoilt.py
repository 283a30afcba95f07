"""What a spreadsheet program shows in place of a value reaches no letter; what a person wrote does."""

import pytest

from producers.campaign.spoilt import problem_of

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


def test_a_letter_that_was_lost_is_told() -> None:
    assert "a letter that was lost" in (problem_of("Societ\ufffd") or "")


@pytest.mark.parametrize("value", VALUES)
def test_what_a_person_writes_with_such_signs_is_a_value(value: str) -> None:
    assert problem_of(value) is None
