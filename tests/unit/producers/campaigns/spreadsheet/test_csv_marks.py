"""Marks around a cell are no part of its value, whatever program wrote the CSV."""

import pytest

from producers.campaigns.spreadsheet.csv_marks import without_blanks, without_marks


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="00184"', "00184"),
        (' = "00184" ', "00184"),
        ('="dice ""ciao"""', 'dice "ciao"'),
        ('=""', ""),
        ("'68", "'68"),
        ("'ndrangheta", "'ndrangheta"),
        ("=A1", "=A1"),
        ('="a"&"b"', '="a"&"b"'),
        ("  Rossi\xa0", "Rossi"),
    ],
)
def test_a_text_that_excel_must_not_change_loses_its_mark(cell: str, value: str) -> None:
    assert without_marks(cell) == value


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ('a, "Bianchi", 102\n', 'a,"Bianchi", 102\n'),
        (' "a" ,\t"b"\xa0\r\n', '"a","b"\r\n'),
        ('"a; "" ; b";  "c"', '"a; "" ; b";"c"'),
        ('x, "Via Roma\n', 'x,"Via Roma\n'),
        ('x, "La Rosa" srl, y\n', 'x, "La Rosa" srl, y\n'),
        ('x, 5" tubo ,y\n', 'x, 5" tubo ,y\n'),
    ],
)
def test_blanks_between_a_delimiter_and_a_quotation_mark_go(line: str, same: str) -> None:
    delimiter = ";" if ";" in line else ","

    assert without_blanks(line, delimiter, inside=False) == same


def test_within_a_cell_nothing_changes_before_its_end() -> None:
    assert without_blanks('10, "interno" , 5" , "c"\n', ",", inside=True) == '10, "interno" , 5" , "c"\n'
    assert without_blanks('piano 2" , "c" \n', ",", inside=True) == 'piano 2","c"\n'


def test_a_tab_that_parts_cells_is_no_blank() -> None:
    assert without_blanks('a\t"b"\t \t"c"\n', "\t", inside=False) == 'a\t"b"\t \t"c"\n'
