"""Turns the cells of a workbook's row into text, or into problems that name the cell."""

from collections.abc import Sequence
from typing import Any

from openpyxl.utils import get_column_letter

from config.texts import _
from pec.problems import Problem
from producers.campaigns.spreadsheet.cells import clean, shown
from producers.campaigns.spreadsheet.number_format.decimals import EXACT_DIGITS
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.show import GENERAL
from producers.campaigns.spreadsheet.rows import Rounded, Row, Unwritten

_LONG = 10**EXACT_DIGITS  # the least number with more digits than a spreadsheet keeps


class CellReader:
    """Shows each cell under the format of its style."""

    def __init__(self, formats: Sequence[str], *, since_1904: bool) -> None:
        self._formats, self._since_1904 = formats, since_1904

    def row(self, line: int, cells: Sequence[dict[str, Any]]) -> Row:
        texts = [""] * max((cell["column"] for cell in cells), default=0)
        unwritten: list[Unwritten] = []
        rounded: list[Rounded] = []
        for cell in cells:
            value, place = cell["value"], cell["column"] - 1
            if value is None:
                continue
            code = self._format(cell["style_id"])
            try:
                texts[place] = clean(shown(value, code, since_1904=self._since_1904))
            except Unshown:
                cell_name = f"{get_column_letter(place + 1)}{line}"
                unwritten.append(Unwritten(place, unwritten_cell(cell_name, value, code)))
                continue
            if _is_long(value, texts[place]):
                rounded.append(Rounded(place, texts[place]))
        return Row(line, tuple(texts), tuple(unwritten), tuple(rounded))

    def _format(self, style: int) -> str:
        return self._formats[style] if style < len(self._formats) else GENERAL


def _is_long(value: object, text: str) -> bool:
    """Return whether a number has digits that got lost, or may have. An amount in millions has few."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) < _LONG:
        return False
    return "E" in text or sum(map(str.isdigit, text)) > EXACT_DIGITS


def unwritten_cell(cell: str, value: object, code: str) -> Problem:
    """Return the problem of a cell whose number format can't be applied."""
    reason = _(
        "holds {value} in the number format {format}, "
        "which can't be written as the sheet shows it: choose another number format, "
        "or write the value as text"
    ).format(value=value, format=code)
    return Problem(cell, reason)
