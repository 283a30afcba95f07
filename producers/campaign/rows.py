"""Rows of text as every format gives them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where it begins in the file, as a person counts, from 1. Cells are stripped."""

    line: int
    cells: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that is open. `share_read` says how much of it was read, from 0 to 1."""

    rows: Iterator[Row]
    share_read: Callable[[], float]
    sheet: str | None = None
