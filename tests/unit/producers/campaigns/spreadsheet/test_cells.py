"""The cells of a spreadsheet, as text."""

from datetime import date, datetime, time, timedelta

import pytest

from producers.campaigns.spreadsheet.cells import clean, shown


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "General", ""),
        ("già testo", "General", "già testo"),
        ("a_x000D_\nb", "General", "a\nb"),
        (7, "General", "7"),
        (7.0, "General", "7"),
        (12345678901.0, "General", "12345678901"),
        (0.1 + 0.2, "General", "0,3"),
        (1234.5, "General", "1234,5"),
        (1234.5, "#,##0.00", "1.234,50"),
        (1234567, "#,##0", "1.234.567"),
        (-1234.5, '_-* #,##0.00\\ "€"_-;-* #,##0.00', "-1.234,50"),
        (12.0, "0.00", "12,00"),
        (184, "00000", "00184"),
        (0.22, "0%", "22%"),
        (True, "General", "VERO"),
        (datetime.fromisoformat("2026-11-23"), "General", "23/11/2026"),
        (datetime.fromisoformat("2026-11-23T09:30"), "General", "23/11/2026 09:30"),
        (date(2026, 11, 23), "General", "23/11/2026"),
        (time(9, 30, 5), "General", "09:30:05"),
        (timedelta(hours=30), "General", "30:00"),
        (datetime.fromisoformat("2026-11-23T09:30"), "d mmmm yyyy", "23 novembre 2026"),
        (15.06, "0.0#", "15,06"),
        ("Rossi", '0;0;0;"Sig. "@', "Sig. Rossi"),
    ],
)
def test_a_value_reads_as_in_excel_in_italy(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


def test_what_can_not_be_seen_around_a_text_goes() -> None:
    assert clean("\u200e \xa0a b\u200b\t\ufeff") == "a b"
