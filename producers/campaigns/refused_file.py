"""Writes the refused rows as a file that Excel in Italy opens, to be mended and imported."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from archive.atomic_files import atomic_write
from config.texts import _, joined
from pec.spreadsheet_text import escape, unescape
from producers.campaigns.columns import BATCH, ERRORS, MADE_ID, Columns, fold
from producers.campaigns.row_store import Entry, RowStatus, RowStore
from producers.campaigns.spreadsheet.rows import Row

_OURS = (BATCH, *ERRORS)


def write_refused(
    path: Path, row_store: RowStore, columns: Columns, batch: str, words: Callable[[str], str] = str
) -> None:
    """Write the refused rows for their owner alone, whole or not at all, so that Excel keeps each text. Raise OSError.

    `words` translates the errors and the name of their column. Ids and batch are written too: a row corrected here
    is the same message as one corrected in the first file. A row with a wrong recipient gets its id later, from the
    right one.
    """
    places = [place for place, name in enumerate(columns.header) if fold(name) not in _OURS]
    names = [columns.header[place] for place in places] + ([] if columns.id is not None else [MADE_ID])
    with atomic_write(path) as raw:
        file = TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        writer = csv.writer(file, delimiter=";")
        writer.writerow(map(escape, [*names, BATCH, words(_("errors"))]))
        for entry in row_store.entries(RowStatus.REFUSED):
            values = [_value(entry, place, columns) for place in places]
            values += [] if columns.id is not None else [entry.id or ""]
            beyond = entry.values[len(columns.header) :]
            writer.writerow(map(escape, [*values, batch, _errors(row_store, entry, words), *beyond]))
        file.detach()  # writes what it held, and leaves the closing to whole_file


def is_refused_file(header: Sequence[str]) -> bool:
    """Return whether a file was written by `write_refused`, so that the marks in its cells are ours."""
    return any(fold(name) == BATCH for name in header)


def row_meant(row: Row) -> Row:
    return replace(row, cells=tuple(map(unescape, row.cells)))


def _value(entry: Entry, place: int, columns: Columns) -> str:
    return entry.values[place] or (entry.id or "" if place == columns.id else "")


def _errors(row_store: RowStore, entry: Entry, words: Callable[[str], str]) -> str:
    problems = row_store.problems_of(entry.line)
    said = joined("; ", [joined(": ", (problem.field, problem.reason)) for problem in problems])
    return words(_("line {line}: {problem}").format(line=entry.line, problem=said))
