"""A campaign's file as rows of text under a header, whatever its format; never more than a row in memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from config.foreign_words import system_words
from config.texts import _, joined
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.spreadsheet.csv_file import open_csv
from producers.campaigns.spreadsheet.file_kind import is_workbook, read_start, refusal
from producers.campaigns.spreadsheet.rows import Row, Rows


class Table:
    """A file that is open. `rows` can be read once; empty lines are left out, and counted in `empty`."""

    def __init__(self, file: Rows, name: str) -> None:
        self._file = file
        self.empty = 0
        self.sheet = file.sheet
        self.encoding = file.encoding
        self.active = file.active
        self.rows = self._filled()
        header = next(self.rows, None)
        if header is None:
            raise Unusable(
                _("{path} is empty: it needs a line of column names, and a line for each message").format(
                    path=name
                )
            )
        for cell in header.unwritten:
            raise Unusable(joined(": ", (f"{name}, {cell.problem.field}", cell.problem.reason)))
        self.empty = 0
        self.header = _names(header.cells)

    @property
    def share_read(self) -> float:
        """Return the share of the file that was read, from 0 to 1."""
        return self._file.share_read()

    @property
    def breaks(self) -> bool:
        """Return whether a cell had line breaks so far."""
        return self._file.breaks()

    def _filled(self) -> Iterator[Row]:
        for row in self._file.rows:
            if row.empty:
                self.empty += 1
            else:
                yield row


@contextmanager
def open_table(path: Path, encoding: str | None = None) -> Iterator[Table]:
    """Return the table of a file; `encoding` is that of a CSV. Raise Misused, or Unusable, also while rows are read."""
    with _opened(path, encoding)(path) as file:
        yield Table(file, path.name)


def _opened(path: Path, encoding: str | None) -> Callable[[Path], AbstractContextManager[Rows]]:
    try:
        start = read_start(path)
        refused = refusal(path, start)
    except OSError as error:
        raise Unusable(
            _("can't read {path} ({why}): name a readable file").format(path=path, why=system_words(error))
        ) from None
    if refused is not None:
        raise Unusable(refused)
    if not is_workbook(start):
        return partial(open_csv, encoding=encoding)
    if encoding is not None:
        raise Misused(
            _("--encoding: {path} is a workbook, which says its encoding itself: leave it out").format(
                path=path.name
            )
        )
    from producers.campaigns.spreadsheet.xlsx_file import (
        open_xlsx,  # takes a third of a second, and most files are CSV
    )

    return open_xlsx


def _names(cells: tuple[str, ...]) -> tuple[str, ...]:
    count = max(place for place, name in enumerate(cells) if name) + 1
    return tuple(" ".join(name.split()) for name in cells[:count])
