"""Files as they come, read row by row."""

import io
import re
import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.table import open_table
from tests.integration.producers.campaigns.spreadsheets import (
    csv_ansi,
    csv_commas,
    csv_utf8,
    rewrite,
    unicode_text,
    xlsx,
    xlsx_of_openpyxl,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROWS = [
    ["Nome", "PEC", "Note"],
    ["Nicolò", "n@pec.example.it", 'detto "Nico"; socio'],
    ["", "", ""],
    ["Città di Forlì", "c@pec.example.it", "prima riga\nseconda"],
    ["Zoe", "z@pec.example.it", ""],
]


def read(path: Path) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], int]:
    with open_table(path) as table:
        rows = [(row.line, row.cells) for row in table.rows]
        return table.header, rows, table.empty


@pytest.mark.parametrize("write", [csv_ansi, csv_utf8, csv_commas, unicode_text])
def test_every_text_that_excel_writes_is_read_alike(tmp_path: Path, write: Callable[..., Path]) -> None:
    header, rows, empty = read(write(tmp_path, ROWS))

    assert header == ("Nome", "PEC", "Note")
    assert rows == [
        (2, ("Nicolò", "n@pec.example.it", 'detto "Nico"; socio')),
        (4, ("Città di Forlì", "c@pec.example.it", "prima riga\nseconda")),
        (5, ("Zoe", "z@pec.example.it", "")),  # as in a spreadsheet: a cell of two lines is in one row
    ]
    assert empty == 1


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


def test_texts_that_stand_in_the_cells_are_read_too(tmp_path: Path) -> None:
    rows = [["pec", "nome"], ["a@pec.example.it", "Nicolò"]]

    assert read(xlsx_of_openpyxl(tmp_path, rows)) == read(xlsx(tmp_path, rows))


def test_many_shared_texts_take_no_memory() -> None:
    from producers.campaigns.xlsx_file import SharedTexts

    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts = "".join(f"<si><t>testo numero {number}</t></si>" for number in range(20_000))
    source = io.BytesIO(f'<sst xmlns="{space}">{texts}</sst>'.encode())
    with closing(sqlite3.connect("")) as database:
        tracemalloc.start()
        shared = SharedTexts(database, source)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert shared[19_999] == "testo numero 19999"
    assert peak < 700_000  # as a list of texts they would take 1.7 MB, as nodes more


def test_the_delimiter_that_a_file_says_counts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"sep=,\r\npec,nota;bene\r\na@pec.example.it,x;y\r\n")

    assert read(tmp_path / "a.csv") == (("pec", "nota;bene"), [(2, ("a@pec.example.it", "x;y"))], 0)


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b'"Cognome, nome";PEC\r\n', ("Cognome, nome", "PEC")),
        (b"Cognome, nome;PEC\r\n", ("Cognome, nome", "PEC")),
        (b"Cognome, nome, titolo;PEC\r\nRossi, Ada, avv.;a@pec.it\r\n", ("Cognome, nome, titolo", "PEC")),
        (
            b"nome,PEC,file (con ;)\nA,a@pec.it,a.pdf\nB,b@pec.it,a.pdf;b.pdf\n",
            ("nome", "PEC", "file (con ;)"),
        ),
        (b"nome|PEC|via\nA|a@pec.it|Via Roma, 1\n", ("nome", "PEC", "via")),
        (b'"Indirizzo\r\nPEC";nome\r\n', ("Indirizzo PEC", "nome")),
        (b"PEC\n", ("PEC",)),
        (b"\r\n;;\r\nPEC;Nome;;\r\n", ("PEC", "Nome")),
        (b"PEC\rx@pec.example.it\r", ("PEC",)),
    ],
)
def test_the_header_decides_the_delimiter(tmp_path: Path, content: bytes, header: tuple[str, ...]) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    assert read(tmp_path / "a.csv")[0] == header


def test_lines_that_a_program_put_into_quotation_marks_as_a_whole_are_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b'"nome;PEC;note"\r\n"""Bar; Sport"";a@pec.it;uno, due"\r\n"B;b@pec.it;"\r\n'
    )

    header, rows, _ = read(tmp_path / "a.csv")

    assert header == ("nome", "PEC", "note")
    assert [cells for _, cells in rows] == [("Bar; Sport", "a@pec.it", "uno, due"), ("B", "b@pec.it", "")]


def test_one_byte_of_windows_late_in_a_file_makes_all_of_it_windows(tmp_path: Path) -> None:
    rows = [["pec", "nome"], *[["a@pec.example.it", "x" * 50]] * 3000, ["b@pec.example.it", "Niccolò"]]

    assert read(csv_ansi(tmp_path, rows))[1][-1][1][1] == "Niccolò"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\r\n;;\r\n", "is empty"),
        (OLE, r"is an old Excel file \(.xls\): open it in Excel and save it as .xlsx or CSV"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "has a password: .* remove the password"),
        (OLE + "WordDocument".encode("utf-16-le"), "is a Word document: copy its table"),
        (b"%PDF-1.7\n", "is a PDF: copy its table"),
        (b"{\\rtf1\\ansi", "is an RTF text: copy its table"),
        (b"\xef\xbb\xbf\r\n<HTML><table>", "is a web page or XML, whatever its name says"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "is a web page or XML"),
        (b"PK\x03\x04 and nothing else", "can't be read as a workbook"),
        (b"PEC\n\x00\x01\x02", "no text in UTF-8"),
        (b"PEC\n\x81\x8d", "can't be read for certain .* with --encoding"),
        (b"\xef\xbb\xbfPEC\nNicol\xf2", "no text in UTF-8"),
        (b'PEC;Nome\na@pec.example.it;"Nico\nb@pec.example.it;x\n', "line 2: a quotation mark is opened"),
        (b'PEC;Nome\nx;y\na;"Ditta "Rossi" srl"\n', "line 3: there is a quotation mark inside"),
    ],
)
def test_a_file_that_is_none_is_reported_with_the_remedy(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(Unusable, match=said):
        read(tmp_path / "a.csv")


def test_a_cell_that_is_in_quotation_marks_after_a_space_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b'PEC, nome, "indirizzo" \r\na@pec.example.it, "Bianchi, Mario" , "Via Roma\r\n10" \r\n'
        b"b@pec.example.it, Zoe, x\r\n"
    )

    assert read(tmp_path / "a.csv") == (
        ("PEC", "nome", "indirizzo"),
        [
            (2, ("a@pec.example.it", "Bianchi, Mario", "Via Roma\r\n10")),
            (3, ("b@pec.example.it", "Zoe", "x")),
        ],
        0,
    )


def test_a_number_that_was_forced_to_be_a_text_is_that_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b'="PEC";cap\r\na@pec.example.it;="00184"\r\n"b@pec.example.it";"=""00185"""\r\n'
    )

    header, rows, _ = read(tmp_path / "a.csv")

    assert header == ("PEC", "cap")
    assert [cells[1] for _, cells in rows] == ["00184", "00185"]


def test_a_broken_quotation_mark_is_reported_by_the_row_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'PEC;nota\nx;"una\ndue\ntre"\n\ny;"aperta\n')

    with pytest.raises(Unusable, match="line 4: a quotation mark is opened"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "breaks"), [(b'PEC;nota\nx;"una\ndue"\n', True), (b"PEC;nota\nx;una\n", False)]
)
def test_a_file_whose_rows_an_editor_counts_otherwise_is_known(
    tmp_path: Path, content: bytes, breaks: bool
) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with open_table(tmp_path / "a.csv") as table:
        assert len(list(table.rows)) == 1
        assert table.breaks is breaks


def test_a_file_of_a_mac_is_read_with_its_accents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("PEC;nome\rx@pec.example.it;Società Alfa\r".encode("mac_roman"))

    with open_table(tmp_path / "a.csv") as table:
        assert [row.cells[1] for row in table.rows] == ["Società Alfa"]
        assert table.encoding
        assert (table.encoding.name, table.encoding.values) == ("mac_roman", ("Società Alfa",))


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
