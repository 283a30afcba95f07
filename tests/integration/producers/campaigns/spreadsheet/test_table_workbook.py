"""Workbooks as they come, read row by row."""

import io
import re
import sqlite3
import tracemalloc
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.spreadsheet import workbook_archive
from producers.campaigns.spreadsheet.table import open_table
from tests.integration.producers.campaigns.spreadsheets import (
    ROWS,
    read,
    rewrite,
    xlsx,
    xlsx_of_openpyxl,
)


def test_a_workbook_is_read_alike(tmp_path: Path) -> None:
    header, rows, empty = read(xlsx(tmp_path, ROWS))

    assert header == ("Nome", "PEC", "Note")
    assert [line for line, _ in rows] == [2, 4, 5]
    assert rows[0][1] == ("Nicolò", "n@pec.example.it", 'detto "Nico"; socio')
    assert empty == 1


def test_numbers_and_dates_of_a_workbook_read_as_they_look(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.append(["pec", "importo", "cap", "data"])
    sheet.append(["a@pec.example.it", 1234.5, 184, datetime.fromisoformat("2026-11-23")])
    sheet["B2"].number_format, sheet["C2"].number_format = "#,##0.00", "00000"
    sheet["D2"].number_format = "mm-dd-yy"  # which openpyxl writes as the short date of the region
    workbook.save(tmp_path / "a.xlsx")

    assert read(tmp_path / "a.xlsx")[1][0][1][1:] == ("1.234,50", "00184", "23/11/2026")


def test_the_sheet_that_was_open_is_read_and_named(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.create_sheet("Soci").append(["pec"])
    workbook.active = 1
    workbook.save(tmp_path / "a.xlsx")

    with open_table(tmp_path / "a.xlsx") as table:
        assert table.header == ("pec",)
        assert table.sheet == "Soci (the other one is not read)"


def test_rows_beyond_what_a_workbook_says_of_its_size_are_read(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["pec"], ["a@pec.example.it"], ["b@pec.example.it"]])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text.replace('ref="A1:A3"', 'ref="A1"'))

    assert len(read(path)[1]) == 2


def test_the_share_that_is_read_grows_whatever_a_workbook_says_of_its_size(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["pec"], *([f"{number}@pec.example.it"] for number in range(5000))])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: re.sub("<dimension[^>]*>", "", text))

    with open_table(path) as table:
        shares = [table.share_read for _ in table.rows]

    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1]


@pytest.mark.parametrize("line", ["1048577", "99999999999999"])
def test_a_row_where_no_sheet_has_any_is_reported(tmp_path: Path, line: str) -> None:
    path = xlsx(tmp_path, [["pec"], ["a@pec.example.it"]])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text.replace('<row r="2"', f'<row r="{line}"'))

    with pytest.raises(Unusable, match=re.escape("soci.xlsx")):
        read(path)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_a_part_that_unpacks_to_more_than_memory_bears_is_reported(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_archive, "MAX_AT_ONCE_BYTES", 200_000)
    path = xlsx(tmp_path, [["pec"], ["a@pec.example.it"]])
    rewrite(path, part, lambda text: text.replace("><", f">{' ' * 1_000_000}<", 1))

    with pytest.raises(Unusable, match=re.escape("soci.xlsx")):
        read(path)


def test_texts_that_stand_in_the_cells_are_read_too(tmp_path: Path) -> None:
    rows = [["pec", "nome"], ["a@pec.example.it", "Nicolò"]]

    assert read(xlsx_of_openpyxl(tmp_path, rows)) == read(xlsx(tmp_path, rows))


def test_many_shared_texts_take_no_memory() -> None:
    from producers.campaigns.spreadsheet.xlsx_file import SharedTexts

    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts = "".join(f"<si><t>testo numero {number}</t></si>" for number in range(20_000))
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("texts", f'<sst xmlns="{space}">{texts}</sst>')
    with (
        closing(sqlite3.connect("")) as database,
        workbook_archive.WorkbookArchive(packed) as archive,
        archive.open("texts") as source,
    ):
        tracemalloc.start()
        shared = SharedTexts(database, source)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert shared[19_999] == "testo numero 19999"
    assert peak < 700_000  # as a list of texts they would take 1.7 MB, as nodes more


def test_an_encoding_is_of_no_workbook(tmp_path: Path) -> None:
    with (
        pytest.raises(Misused, match=r"--encoding: soci.xlsx is a workbook"),
        open_table(xlsx(tmp_path, ROWS), "cp850"),
    ):
        pass


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("mimetype", r"is an OpenDocument file \(.ods\): save it as .xlsx or CSV"),
        ("xl/workbook.bin", r"is a binary Excel file \(.xlsb\): open it in Excel and save it"),
        ("word/document.xml", "is a Word document: copy its table"),
        ("Index/Document.iwa", "is a Numbers file: export it as .xlsx or CSV"),
        ("soci.csv", r"is an archive \(.zip\): unpack it"),
    ],
)
def test_what_is_packed_like_a_workbook_is_distinguished_from_one(
    tmp_path: Path, part: str, said: str
) -> None:
    with ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr(part, "x")

    with pytest.raises(Unusable, match=said):
        read(tmp_path / "a.xlsx")


def test_a_workbook_is_read_whatever_its_name_says(tmp_path: Path) -> None:
    usual = read(xlsx(tmp_path, ROWS))
    xlsx(tmp_path, ROWS).rename(tmp_path / "a.xls")

    assert read(tmp_path / "a.xls") == usual


def test_a_workbook_that_breaks_off_is_reported(tmp_path: Path) -> None:
    path = xlsx(tmp_path, ROWS)
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text[: text.index("</row>", 500)])

    with pytest.raises(Unusable, match="can't be read as a workbook"):
        read(path)


@pytest.mark.parametrize("hidden", ["1", "true"])
def test_hidden_lines_are_not_sent_unseen(tmp_path: Path, hidden: str) -> None:
    path = xlsx(tmp_path, [["pec"], *([f"{name}@pec.example.it"] for name in "abcd")])
    filtered = rf'<row hidden="{hidden}" r="\1"'
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: re.sub(r'<row r="([35])"', filtered, text))

    with pytest.raises(Unusable, match=r"has 2 hidden lines \(the first is 3\), .* show them, or copy"):
        read(path)


def test_a_hidden_line_that_is_empty_is_none(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["pec"], [None], ["a@pec.example.it"]])
    workbook = load_workbook(path)
    workbook.worksheets[0].row_dimensions[2].hidden = True
    workbook.save(path)

    assert [line for line, _ in read(path)[1]] == [3]


def formula(folder: Path, result: str) -> Path:
    """A workbook whose cell B2 is computed."""
    path = xlsx(folder, [["pec", "allegati"], ["a@pec.example.it", "x"]])
    cell = re.compile(r'<c r="B2"[^>]*>.*?</c>')
    computed = f'<c r="B2" t="str"><f>C2</f>{result}</c>'
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: cell.sub(computed, text))
    return path


def test_a_formula_without_its_result_is_not_read_as_empty(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"without its result in B2.*: open it in Excel and save it"):
        read(formula(tmp_path, ""))


@pytest.mark.parametrize("result", ["", "<v/>", "<v></v>", "<v>0</v>"])
def test_a_number_that_was_never_computed_is_not_read_as_nothing(tmp_path: Path, result: str) -> None:
    path = formula(tmp_path, result)
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text.replace('"B2" t="str"', '"B2"'))

    with pytest.raises(Unusable, match=r"without its result in B2"):
        read(path)


def test_a_computed_0_is_read_from_what_a_spreadsheet_program_saved(tmp_path: Path) -> None:
    path = formula(tmp_path, "<v>0</v>")
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text.replace('"B2" t="str"', '"B2"'))
    rewrite(path, "xl/workbook.xml", lambda text: text.replace('fullCalcOnLoad="1"', ""))

    assert read(path)[1] == [(2, ("a@pec.example.it", "0"))]


def strict(path: Path) -> None:
    """Makes a workbook one of "Strict Open XML"."""
    for part in ("xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        rewrite(
            path,
            part,
            lambda text: text.replace(f"{SCHEMAS}/spreadsheetml/2006/", f"{STRICT}/spreadsheetml/"),
        )
    for part in ("xl/workbook.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"):
        rewrite(
            path,
            part,
            lambda text: text.replace(f"{SCHEMAS}/officeDocument/2006/", f"{STRICT}/officeDocument/"),
        )


SCHEMAS, STRICT = "http://schemas.openxmlformats.org", "http://purl.oclc.org/ooxml"


def test_strict_open_xml_is_read_alike(tmp_path: Path) -> None:
    path = xlsx(tmp_path, ROWS)
    usual = read(path)
    strict(path)

    assert read(path) == usual


def test_dates_of_strict_open_xml_read_as_they_look(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.iso_dates = True
    sheet: Any = workbook.active
    sheet.append(["pec", "data", "ora"])
    sheet.append(
        ["a@pec.example.it", datetime.fromisoformat("2026-11-23"), datetime.fromisoformat("2026-11-23T09:30")]
    )
    sheet["B2"].number_format, sheet["C2"].number_format = "d mmmm yyyy", "hh:mm"
    workbook.save(tmp_path / "a.xlsx")
    rewrite(tmp_path / "a.xlsx", "xl/sharedStrings.xml", lambda text: text)
    strict(tmp_path / "a.xlsx")

    assert read(tmp_path / "a.xlsx")[1][0][1][1:] == ("23 novembre 2026", "09:30")


def numbers(folder: Path, *cells: tuple[float, str]) -> Path:
    """A workbook whose second line holds numbers with their formats, beside an address."""
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.append(["pec", *(f"n{place}" for place in range(len(cells)))])
    sheet.append(["a@pec.example.it", *(value for value, _ in cells)])
    for place, (_, code) in enumerate(cells, 2):
        sheet.cell(2, place).number_format = code
    workbook.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def test_a_number_that_can_not_be_written_as_it_looks_is_a_problem_of_its_line(tmp_path: Path) -> None:
    with open_table(numbers(tmp_path, (15.06, "[DBNum1]0.0"), (1.5, "0.0"))) as table:
        row = next(table.rows)

    assert row.cells == ("a@pec.example.it", "", "1,5")
    [cell] = row.unwritten
    assert (cell.place, cell.problem.field) == (1, "B2")
    assert "holds 15.06 in the number format [DBNum1]0.0" in cell.problem.reason


def test_a_column_name_that_can_not_be_written_as_it_looks_refuses_the_file(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.append([2026])
    sheet["A1"].number_format = "[DBNum1]0"
    workbook.save(tmp_path / "a.xlsx")

    with pytest.raises(Unusable, match=r"a.xlsx, A1: holds 2026 in the number format"):
        read(tmp_path / "a.xlsx")


def test_an_infinite_number_is_a_problem_of_its_line(tmp_path: Path) -> None:
    path = numbers(tmp_path, (7, "0.0"))
    rewrite(path, "xl/worksheets/sheet1.xml", lambda text: text.replace("<v>7</v>", "<v>1E999</v>"))
    with open_table(path) as table:
        assert [cell.place for cell in next(table.rows).unwritten] == [1]


def test_formats_are_read_wherever_the_workbook_keeps_them(tmp_path: Path) -> None:
    path = numbers(tmp_path, (15.06, "0.0#"))
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(
                name.replace("xl/styles.xml", "xl/stili.xml"),
                content.replace(b"xl/styles.xml", b"xl/stili.xml"),
            )

    assert read(path)[1][0][1][1] == "15,06"


def test_a_number_with_more_digits_than_a_sheet_keeps_is_marked(tmp_path: Path) -> None:
    path = numbers(
        tmp_path, (1.23456789012345e16, "General"), (1e15, "0,,"), (999999999999999, "0"), (0.1 + 0.2, "0")
    )
    with open_table(path) as table:
        row = next(table.rows)

    assert [(one.place, one.text) for one in row.rounded] == [(1, "12345678901234500")]


def test_a_workbook_with_broken_fonts_is_read(tmp_path: Path) -> None:
    path = numbers(tmp_path, (1234.5, "#,##0.00"))
    rewrite(
        path,
        "xl/styles.xml",
        lambda text: re.sub("<fonts.*?</fonts>", "<fonts><font><b/><b/></font></fonts>", text),
    )
    rewrite(path, "docProps/core.xml", lambda text: text.replace("Z<", "<"))

    assert read(path)[1][0][1][1] == "1.234,50"


@pytest.mark.parametrize(("result", "value"), [("<v></v>", ""), ("<v>a.pdf</v>", "a.pdf")])
def test_a_formula_is_its_result(tmp_path: Path, result: str, value: str) -> None:
    assert read(formula(tmp_path, result))[1] == [(2, ("a@pec.example.it", value))]
