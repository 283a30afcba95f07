"""Text files as they come, read row by row."""

from collections.abc import Callable
from pathlib import Path

import pytest

from producers.campaigns.errors import Unusable
from producers.campaigns.spreadsheet.table import open_table
from tests.integration.producers.campaigns.spreadsheets import (
    ROWS,
    csv_ansi,
    csv_commas,
    csv_utf8,
    read,
    unicode_text,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


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
