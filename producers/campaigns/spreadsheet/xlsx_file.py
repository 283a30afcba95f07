"""Reads the active sheet of an Excel workbook row by row, its table of texts on disk and not in memory."""

import sqlite3
import warnings
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from config.texts import _, ngettext
from producers.campaigns.errors import Unusable
from producers.campaigns.spreadsheet.cell_reader import CellReader
from producers.campaigns.spreadsheet.rows import Row, Rows
from producers.campaigns.spreadsheet.workbook_archive import WorkbookArchive
from producers.campaigns.spreadsheet.workbook_styles import computes_anew, number_formats

_BROKEN = (BadZipFile, InvalidFileException, ParseError, zlib.error, KeyError, ValueError, OSError)
_TRUE = ("1", "true")
_MAX_LINE = 1 << 20  # of Excel
_MAX_REMEMBERED = 10_000  # texts, most of which stand in many rows


@contextmanager
def open_xlsx(path: Path) -> Iterator[Rows]:
    """Return the sheet's table. Raise Unusable, also later, while rows are read."""
    with closing(sqlite3.connect("")) as texts, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, of what it does not read: styles, validation
        reader = _opened(path, texts)
        with closing(reader.archive):
            sheet = _sheet(reader.wb, path)
            sheet.reset_dimensions()  # some programs write wrong ones, and rows would be left out
            place = _Place()
            with closing(_rows(sheet, reader, place, path)) as rows:
                active = sheet.title if len(reader.wb.sheetnames) > 1 else None
                yield Rows(rows, lambda: place.share, _title(reader.wb, sheet), active=active)


@dataclass(slots=True)
class _Place:
    """How far the sheet is read."""

    line: int = 0
    share: float = 0.0  # of its bytes: many programs write no number of rows, or a wrong one


class _Reader(ExcelReader):
    package: Any
    shared_strings: Any
    parser: Any

    def __init__(self, path: Path, texts: sqlite3.Connection) -> None:
        with path.open("rb") as file:  # whose name may say another kind
            super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive = WorkbookArchive(path)
        self._texts = texts
        self.formats: list[str] = []
        self.computed_anew = False

    def read(self) -> None:
        """Read what rows need: fonts, colours and authors may be broken."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        self.read_worksheets()
        self.formats = number_formats(self.archive, self.package)
        self.computed_anew = computes_anew(self.archive, self.parser.workbook_part_name)

    def read_strings(self) -> None:
        found = self.package.find(SHARED_STRINGS)
        if found is not None:
            with self.archive.open(found.PartName[1:]) as source:
                self.shared_strings = SharedTexts(self._texts, source)


class SharedTexts:
    """Excel writes every text once, and in the cells its number."""

    def __init__(self, database: sqlite3.Connection, source: Any) -> None:
        database.execute("CREATE TABLE text (number INTEGER PRIMARY KEY, text TEXT)")
        database.executemany("INSERT INTO text VALUES (?, ?)", enumerate(_texts(source)))
        self._database = database
        self._look_up = lru_cache(_MAX_REMEMBERED)(self._read)

    def __getitem__(self, number: int) -> str:
        return self._look_up(number)

    def _read(self, number: int) -> str:
        found = self._database.execute("SELECT text FROM text WHERE number = ?", [number]).fetchone()
        if found is None:
            raise ValueError(f"no string {number} in the workbook")
        return str(found[0])


def _texts(source: Any) -> Iterator[str]:
    events = iterparse(source, events=("start", "end"))
    _, root = next(events)
    for event, node in events:
        if event == "end" and node.tag == f"{{{SHEET_MAIN_NS}}}si":
            text: Any = Text.from_tree(node)
            source.end_entry()
            yield text.content
            root.clear()  # or the emptied nodes would stay


def _opened(path: Path, texts: sqlite3.Connection) -> _Reader:
    try:
        reader = _Reader(path, texts)
    except _BROKEN as error:
        raise _unreadable(path) from error
    try:
        reader.read()
    except _BROKEN as error:
        reader.archive.close()
        raise _unreadable(path) from error
    return reader


def _sheet(workbook: Any, path: Path) -> Any:
    sheets = [one for one in (workbook.active, *workbook.worksheets) if isinstance(one, ReadOnlyWorksheet)]
    if not sheets:
        raise Unusable(_("{path} has no sheet with cells: put the rows into one").format(path=path.name))
    return sheets[0]


def _title(workbook: Any, sheet: Any) -> str:
    others = len(workbook.sheetnames) - 1
    if not others:
        return str(sheet.title)
    return ngettext(
        "{sheet} (the other one is not read)", "{sheet} (the other {count} are not read)", others
    ).format(sheet=sheet.title, count=others)


def _rows(sheet: Any, reader: _Reader, place: _Place, path: Path) -> Generator[Row, None, None]:
    show = CellReader(reader.formats, since_1904=reader.wb.epoch == MAC_EPOCH)
    try:
        with sheet._get_source() as source:
            size = max(1, reader.archive.getinfo(sheet._worksheet_path).file_size)
            parser = _Parser(source, sheet._shared_strings, data_only=True, epoch=reader.wb.epoch)
            parser.name = path.name
            parser.computed_anew = reader.computed_anew
            for line, cells in parser.parse():
                yield from (Row(missing, ()) for missing in range(place.line + 1, line))
                place.line, place.share = line, min(1.0, source.tell() / size)
                source.end_entry()
                yield show.row(line, cells)
    except _BROKEN as error:
        raise _unreadable(path) from error
    if parser.hidden:
        raise Unusable(
            ngettext(
                "{path} has a hidden line ({line}), and it would be sent too: "
                "show it, or copy the visible ones into a new file",
                "{path} has {count} hidden lines (the first is {line}), and they would be sent too: "
                "show them, or copy the visible ones into a new file",
                len(parser.hidden),
            ).format(path=path.name, count=len(parser.hidden), line=parser.hidden[0])
        )


class _Parser(WorkSheetParser):
    """Which also sees what openpyxl drops: rows that are hidden, and formulas without a result."""

    name: str
    row_counter: int
    computed_anew: bool  # Excel is to compute all formulas when it opens the file

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.hidden: list[int] = []

    def parse_row(self, row: Any) -> tuple[int, list[dict[str, Any]]]:
        before = self.row_counter
        line, cells = super().parse_row(row)
        if not before < line <= _MAX_LINE:
            raise ValueError(line)  # rows out of order, or where no sheet has any
        self.row_dimensions.clear()  # or they would grow with the rows
        if row.get("hidden") in _TRUE and any(cell["value"] is not None for cell in cells):
            self.hidden.append(line)
        return line, cells

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if element.find(FORMULA_TAG) is not None and self._lacks_result(element, cell["value"]):
            place = f"{get_column_letter(cell['column'])}{cell['row']}"
            raise Unusable(
                _(
                    "{path} holds a formula without its result in {cell}: open it in Excel and save it, "
                    "or paste the column as values"
                ).format(path=self.name, cell=place)
            )
        return cell

    def _lacks_result(self, element: Any, value: object) -> bool:
        """Return whether nothing was computed: an empty text is a result, the 0 of some programs is none."""
        kind = element.get("t", "n")
        if value is None:
            return kind != "str" or element.find(VALUE_TAG) is None
        return self.computed_anew and kind == "n" and element.findtext(VALUE_TAG) == "0"


def _unreadable(path: Path) -> Unusable:
    return Unusable(
        _("{path} can't be read as a workbook: open it in Excel and save it as .xlsx again").format(
            path=path.name
        )
    )
