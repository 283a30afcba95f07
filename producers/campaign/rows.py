"""Rows of text as every format gives them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from producers.campaign.encodings import Encoding


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is its number as a spreadsheet program shows it, from 1. Cells are stripped."""

    line: int
    cells: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that is open. `share_read` says how much of it was read, from 0 to 1.

    `breaks` says whether a cell had line breaks so far, so that an editor of texts counts other lines.
    """

    rows: Iterator[Row]
    share_read: Callable[[], float]
    sheet: str | None = None
    encoding: Encoding | None = None
    breaks: Callable[[], bool] = lambda: False
