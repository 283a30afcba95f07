"""Find a title above the column names, so that the message says to delete it. Pure."""

import re
from collections.abc import Sequence

from config.texts import _
from producers.campaigns.errors import Unusable
from producers.campaigns.recipients import is_usual
from producers.campaigns.spreadsheet.rows import Row

_SEPARATOR = re.compile(r"[;\t,]")  # the title may have hidden which one the file has
_MAX_LINES = 20  # a title with its notes


def check_title(header: Sequence[str], rows: Sequence[Row], wanted: str | None) -> None:
    """Raise Unusable if the column names stand further down. `wanted` is the recipient's column, if named."""
    for number, row in enumerate(rows[:_MAX_LINES]):
        above, below = rows[:number], rows[number + 1 :]
        if _is_wider(header, row, wanted) or _heads_addresses(header, row, above, below, wanted):
            title = next(filter(None, header))
            raise Unusable(
                _(
                    "the column names stand on line {line}, below a title ({title}): "
                    "delete all lines above line {line}, and import again"
                ).format(line=row.line, title=title)
            )


def _is_wider(header: Sequence[str], row: Row, wanted: str | None) -> bool:
    """Return whether a row names more columns than the first one, which may have hidden the separator of a CSV."""
    names = list(filter(None, header))
    cells = [part.strip(' "') for cell in row.cells for part in _SEPARATOR.split(cell)]
    filled = list(filter(None, cells))
    if len(names) >= len(filled) or any("@" in cell for cell in filled) or not _has_name(filled, wanted):
        return False
    return len(names) == 1 or not _has_name(names, wanted)


def _heads_addresses(
    header: Sequence[str], row: Row, above: Sequence[Row], below: Sequence[Row], wanted: str | None
) -> bool:
    """Return whether a row below the first one has the name of the recipient's column, above its first address."""
    return any(
        _has_name([cell], wanted)
        and cell not in header[place : place + 1]
        and _has_address(below, place)
        and not _has_address(above, place)
        for place, cell in enumerate(row.cells)
    )


def _has_name(cells: Sequence[str], wanted: str | None) -> bool:
    return any(cell.casefold() == wanted.casefold() if wanted else is_usual(cell) for cell in cells)


def _has_address(rows: Sequence[Row], place: int) -> bool:
    return any("@" in cell for row in rows for cell in row.cells[place : place + 1])
