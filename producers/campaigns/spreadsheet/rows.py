"""Rows of text as every format gives them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pec.problems import Problem
from producers.campaigns.spreadsheet.encodings import Encoding


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number with more digits than a spreadsheet keeps, in the cell at `place` of its row."""

    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why the cell at `place` of its row can't be written as the sheet shows it."""

    place: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is its number as a spreadsheet program shows it, from 1. Cells are stripped."""

    line: int
    cells: tuple[str, ...]
    unwritten: tuple[Unwritten, ...] = ()  # whose cells are empty
    rounded: tuple[Rounded, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(self.cells) and not self.unwritten


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
    active: str | None = None  # the sheet that is read, if there are others
