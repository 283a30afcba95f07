"""Texts that Excel would make into something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.spreadsheet_text import escape, unescape


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01", "1-12", "12:30", "12:30 PM", "1E5", "1e+5", "3.4", "1,50", "10%", "€ 5", "1/2", "1 a"),
        *(
            "00184",
            "1234567890123456",
            "123456789012",
            "02 1234567",
            "1.234",
            "1 gen",
            "gen-26",
            "1-mag-2026",
        ),
        *("MAR1", "vero", "FALSE", "=1+1", "+39", "-5", "@x", "'=1", "''00184"),
    ],
)
def test_what_excel_would_change_is_marked(text: str) -> None:
    assert escape(text) == f"'{text}"
    assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "123",
        "12345678901",
        "'",
        "l'Aquila",
        "marzo",
        "a1",
        "inv-2026-001",
        "via Roma 1",
        "1 fattura",
    ],
)
def test_what_stays_unchanged_bears_no_mark(text: str) -> None:
    assert escape(text) == unescape(text) == text


@given(st.text() | st.text("'0=1a"))
def test_every_text_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text
