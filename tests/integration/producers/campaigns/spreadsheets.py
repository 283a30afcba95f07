"""Spreadsheets as Excel in Italy writes them, byte for byte."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import Workbook

from producers.campaigns.spreadsheet.table import open_table

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def lines(rows: Sequence[Sequence[Any]], delimiter: str = ";") -> str:
    return "".join(delimiter.join(map(_cell, row)) + "\r\n" for row in rows)


def csv_ansi(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.csv") -> Path:
    """ "CSV (delimitato dal separatore di elenco)"."""
    return _written(folder / name, lines(rows).encode("cp1252"))


def csv_utf8(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.csv") -> Path:
    """ "CSV UTF-8"."""
    return _written(folder / name, lines(rows).encode("utf-8-sig"))


def csv_commas(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.csv") -> Path:
    """Write the file as other programs do."""
    return _written(folder / name, lines(rows, ",").replace("\r\n", "\n").encode())


def unicode_text(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.txt") -> Path:
    """ "Testo Unicode"."""
    return _written(folder / name, lines(rows, "\t").encode("utf-16"))


def xlsx(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.xlsx") -> Path:
    """Excel writes texts once into a table, and into the cells their numbers; openpyxl into the cells."""
    path = xlsx_of_openpyxl(folder, rows, name)
    texts: dict[str, int] = {}

    def numbered(cell: re.Match[str]) -> str:
        return f't="s"><v>{texts.setdefault(cell[1], len(texts))}</v>'

    rewrite(path, "xl/worksheets/sheet1.xml", lambda sheet: _INLINE.sub(numbered, sheet))
    table = "".join(f"<si><t{text}</t></si>" for text in texts)
    rewrite(path, "xl/sharedStrings.xml", lambda _: f'<sst xmlns="{_MAIN}">{table}</sst>')
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SHARED}"/></Types>'
    rewrite(path, "[Content_Types].xml", lambda text: text.replace("</Types>", override))
    return path


def xlsx_of_openpyxl(folder: Path, rows: Sequence[Sequence[Any]], name: str = "soci.xlsx") -> Path:
    workbook = Workbook()
    assert workbook.active
    workbook.active.title = "Foglio1"
    for row in rows:
        workbook.active.append(list(row))
    workbook.save(folder / name)
    workbook.close()
    return folder / name


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Changes a part of a workbook, or adds it."""
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b"").decode()).encode()
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


_INLINE = re.compile(r't="inlineStr"><is><t([^<]*)</t></is>')


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ';,\t"\n') else text


ROWS = [
    ["Nome", "PEC", "Note"],
    ["Nicolò", "n@pec.example.it", 'detto "Nico"; socio'],
    ["", "", ""],
    ["Città di Forlì", "c@pec.example.it", "prima riga\nseconda"],
    ["Zoe", "z@pec.example.it", ""],
]


def read(path: Path) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], int]:
    """Return the header, the rows with the lines of each, and the number of empty rows."""
    with open_table(path) as table:
        rows = [(row.line, row.cells) for row in table.rows]
        return table.header, rows, table.empty
