"""Numbers under number formats, as an Italian Excel shows them."""

import csv
from pathlib import Path

import pytest

from producers.campaigns.spreadsheet.number_format.builtin import BUILTIN
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.show import show_number, show_text

HERE = Path(__file__).parent
ALIGNED = "_*?"  # in a format, leave room that LibreOffice writes as spaces
REFUSED = "#####"


def table(name: str) -> dict[tuple[str, str], str]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return {(row["value"], row["format"]): row["shown"] for row in csv.DictReader(file, delimiter=";")}


LIBREOFFICE = table("libreoffice.csv")  # which `python -m tests.oracles.number_formats` writes
EXCEL = table("excel.csv")  # where Excel shows something else, with the reason


def shown(value: str, code: str) -> str:
    try:
        return show_number(float(value), code)
    except Unshown:
        return REFUSED


def unaligned(text: str, code: str) -> str:
    return "".join(text.split()) if any(mark in code for mark in ALIGNED) else text.strip()


def test_every_number_reads_as_the_sheet_shows_it() -> None:
    expected = {**LIBREOFFICE, **EXCEL}
    wrong = {
        (value, code): (shown(value, code), text)
        for (value, code), text in expected.items()
        if unaligned(shown(value, code), code) != unaligned(text, code)
    }

    assert len(expected) > 1500
    assert wrong == {}


def test_only_known_differences_from_libreoffice_are_kept() -> None:
    same = [
        pair
        for pair, text in EXCEL.items()
        if unaligned(text, pair[1]) == unaligned(LIBREOFFICE[pair], pair[1])
    ]

    assert same == []


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-', "1.234,50 €"),
        (-1234.5, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-', "-1.234,50 €"),
        (1234.5, '_-"€"* #,##0.00_-', "€ 1.234,50"),
        (0, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-', "-"),
        (-3, "#,##0_);(#,##0)", "(3)"),
        (1.5, "# ??/??", "1 1/2"),
        (-0.5, "# ?/?", "-1/2"),
        (0.3, "# ?/?", "2/7"),
        (-1234.5678, "# ???/???", "-1234 67/118"),
        (4.3, "00/00", "43/10"),
        (3.4, "0 / 00", "17 / 05"),
        (12345, "#0#######", "012345"),
        (941051630, "00000-0000", "94105-1630"),
        (1234568223333330000, "#,###,#00,000.00,", "1.234.568.223.333.330,00"),
        (1.23457e-12, "####0.0E+0", "1234,6E-15"),
        (0.1 + 0.2, "General", "0,3"),
        (1e-10, "General", "1E-10"),
        (1.5e21, "General", "1,5E+21"),
        (12345678901234567, "0", "12345678901234600"),
        (1e300, "0.00E+00", "1,00E+300"),
        (46349.75, "h:mm AM/PM", "6:00 PM"),
        (46349.25, "h a/p", "6 a"),
        (46349, "[$-F800]dddd, mmmm dd, yyyy", "lunedì 23 novembre 2026"),
        (46349.5, "[$-F400]h:mm:ss AM/PM", "12:00:00"),
        (46349, "[$-it-IT]d mmmm yyyy", "23 novembre 2026"),
        (46349, "[$-x-sysdate]dddd, mmmm dd, yyyy", "lunedì 23 novembre 2026"),
        (46349, "[$-410]D MMMM YYYY", "23 novembre 2026"),
        (1234.5, "[$-410]General", "1234,5"),
        (1234.5, "[$€]#,##0.00", "€1.234,50"),
        (1234.5, "[$€-x-euro2] #,##0.00", "€ 1.234,50"),
        (-1234.5, "[$-410]#,##0.00\\ [$€-410];[RED]\\-#,##0.00\\ [$€-410]", "-1.234,50 €"),
        (46349, "[$-en-US]d mmmm yyyy", "23 November 2026"),
        (0, "dd/mm/yyyy", "00/01/1900"),
        (1, "ddd dd/mm/yyyy", "dom 01/01/1900"),
        (60, "dd/mm/yyyy", "29/02/1900"),
        (2958465, "dd/mm/yyyy", "31/12/9999"),
        (46348.999999, "dd/mm/yyyy", "22/11/2026"),
        (46348.999999, "dd/mm/yyyy hh:mm:ss", "23/11/2026 00:00:00"),
        (0.0000116, "ss.000", "01,002"),
    ],
)
def test_a_number_reads_without_the_room_of_its_column(value: float, code: str, text: str) -> None:
    assert show_number(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0, "ddd dd/mm/yyyy", "ven 01/01/1904"),
        (44887, "dddd d mmmm yyyy", "lunedì 23 novembre 2026"),
        (-1, "dd/mm/yyyy", "-02/01/1904"),
        (-0.0625, "[h]:mm", "-1:30"),
    ],
)
def test_a_workbook_of_a_mac_counts_from_1904(value: float, code: str, text: str) -> None:
    assert show_number(value, code, since_1904=True) == text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (-1, "dd/mm/yyyy"),
        (-0.5, "[h]:mm;-[h]:mm"),
        (2958466, "dd/mm/yyyy"),
        (5, "[>100]0"),
        (5, "[>100]0;0;0"),
        (1, "[DBNum1]0"),
        (1, "[NatNum1]0"),
        (1, "0 kg"),
        (5, "0,###"),
        (-1, '"testo"'),
        (float("inf"), "0"),
        (float("nan"), "General"),
        (1, '0"kg'),
        (1, "#.##0,00"),
        (1, "0.0.0"),
        (1, "0;0;0;@;0"),
        (1, "0/x"),
        (1, "0 dd"),
        (1, "dd .0"),
        (1, "gge"),
        (1, "bbbb"),
        (1, "ss.0000"),
        (46349, "[$-411]d mmmm yyyy"),
        (46349, "[$-2010000]yyyy"),
        (1, "[33]"),
        (46349, "gg/mm/aaaa"),
        (1234.5, "Generale"),
        (1234.5, "[Rosso]0"),
        (1234.5, "#.##0,00 €"),
        (-25, "0.00;General"),
    ],
)
def test_what_is_unknown_or_shown_as_hashes_is_no_text(value: float, code: str) -> None:
    with pytest.raises(Unshown):
        show_number(value, code)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("Rossi", "General", "Rossi"),
        ("Rossi", "0.00", "Rossi"),
        ("Rossi", "0;-0;0", "Rossi"),
        ("Rossi", '0;-0;0;"Sig. "@', "Sig. Rossi"),
        ("Rossi", '"Sig. "@', "Sig. Rossi"),
        ("Rossi", "0;0;0;", ""),
        ("00184", "@", "00184"),
    ],
)
def test_a_text_has_a_section_of_its_own(text: str, code: str, said: str) -> None:
    assert show_text(text, code) == said


def test_every_format_that_has_only_a_number_shows_something() -> None:
    assert [code for code in BUILTIN.values() if not show_number(46349.5, code)] == []
