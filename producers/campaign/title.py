"""A title above the column names: found, so that the advice is to delete it. Pure."""

import re
from collections.abc import Sequence

from producers.campaign.errors import Unusable
from producers.campaign.recipients import is_usual
from producers.campaign.rows import Row

_SEPARATOR = re.compile(r"[;\t,]")  # the title may have hidden which one the file has
_MOST_LINES = 20  # a title with its notes


def check_title(header: Sequence[str], rows: Sequence[Row], wanted: str | None) -> None:
    """Raise Unusable if the column names stand further down. `wanted` is the recipient's column, if named."""
    names = list(filter(None, header))
    for row in rows[:_MOST_LINES]:
        cells = [part.strip(' "') for cell in row.cells for part in _SEPARATOR.split(cell)]
        filled = list(filter(None, cells))
        if len(names) >= len(filled) or not _names_columns(filled, wanted):
            continue
        if len(names) == 1 or not _names_columns(names, wanted):
            raise Unusable(
                f"the column names stand on line {row.line}, below a title ({names[0]}): "
                f"delete all lines above line {row.line}, and import again"
            )


def _names_columns(cells: Sequence[str], wanted: str | None) -> bool:
    if any("@" in cell for cell in cells):
        return False
    return any(cell.casefold() == wanted.casefold() if wanted else is_usual(cell) for cell in cells)
