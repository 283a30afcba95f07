"""Every row of a campaign and its status, in a database on disk, which ends with the process unless it has a path.

So 100,000 rows take no memory, and nothing is enqueued before the last one is validated.
"""

import json
import pickle
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from errno import ENOENT
from pathlib import Path
from typing import Any, Self

from pec.problems import Problem
from producers.campaigns.renderer import RowResult

_PAGE = 500


class RowStatus(StrEnum):
    """The status of a row."""

    READY = "ready"  # it is to be enqueued
    REFUSED = "refused"
    DUPLICATE = "duplicate"  # another row says the same
    ALREADY_ENQUEUED = "already_enqueued"  # it was enqueued by an earlier import


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored row. `like` is the line that a duplicate repeats.

    An id that was made is of `base`, the recipient's, and `number`, which of the messages to it this is.
    """

    line: int
    values: tuple[str, ...]
    id: str | None
    digest: bytes
    status: RowStatus
    like: int | None = None
    base: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem or a warning of one line."""

    line: int
    field: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {"line": self.line, "field": self.field, "reason": self.reason}


_SCHEMA = """
PRAGMA journal_mode = OFF;
CREATE TABLE row (
    line INTEGER PRIMARY KEY, cells TEXT, id TEXT, base TEXT, number INTEGER, digest BLOB, status TEXT, like INTEGER
);
CREATE INDEX row_id ON row (id);
CREATE INDEX row_base ON row (base, number);
CREATE INDEX row_digest ON row (base, digest);
CREATE INDEX row_status ON row (status, line);
CREATE TABLE problem (line INTEGER, field BLOB, reason BLOB);
CREATE INDEX problem_line ON problem (line);
CREATE TABLE warning (line INTEGER, field BLOB, reason BLOB);
"""
_ENTRY = "SELECT line, cells, id, digest, status, like, base, number FROM row"


class RowStore:
    """Use it as a context manager. With a path, which must be new, the rows stay there for `kept`."""

    def __init__(self, path: Path | None = None) -> None:
        self._database = sqlite3.connect(path or "", isolation_level=None)  # "": a private temporary file
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._keeps = path is not None

    @classmethod
    def kept(cls, path: Path) -> Self:
        """Return the rows that were written to a path, to be read. Raise OSError if there are none."""
        made = cls.__new__(cls)
        try:
            made._database = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
        except sqlite3.OperationalError as error:
            raise FileNotFoundError(ENOENT, str(error), str(path)) from None
        made._keeps = False
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._keeps and kind is None:
            self._database.execute("COMMIT")
        self._database.close()

    def add(self, entry: Entry, result: RowResult) -> None:
        cells = json.dumps(entry.values, ensure_ascii=False)
        row = (entry.line, cells, entry.id, entry.base, entry.number)
        state = (entry.digest, str(entry.status), entry.like)
        self._database.execute("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, *state))
        self._add_issues("problem", entry.line, result.problems)
        self._add_issues("warning", entry.line, result.warnings)

    def refuse(self, line: int, problem: Problem) -> None:
        self.settle(line, RowStatus.REFUSED)
        self._add_issues("problem", line, [problem])

    def settle(self, line: int, status: RowStatus) -> None:
        self._database.execute("UPDATE row SET status = ? WHERE line = ?", [str(status), line])

    def renumber(self, line: int, job_id: str, number: int | None) -> None:
        self._database.execute("UPDATE row SET id = ?, number = ? WHERE line = ?", [job_id, number, line])

    def send_as(self, line: int, job_id: str) -> None:
        """Mark the row as ready under this id, whatever its status was."""
        self._database.execute(
            "UPDATE row SET id = ?, status = ? WHERE line = ?", [job_id, str(RowStatus.READY), line]
        )

    def warn(self, line: int, warning: Problem) -> None:
        self._add_issues("warning", line, [warning])

    # Questions

    def with_id(self, job_id: str) -> Entry | None:
        """Return the first row that has this id."""
        return self._one(f"{_ENTRY} WHERE id = ? ORDER BY line LIMIT 1", job_id)

    def with_message(self, base: str, digest: bytes) -> Entry | None:
        """Return a row with the same message to the same recipient, preferably one that will be sent."""
        order = "ORDER BY status <> 'ready', line LIMIT 1"
        return self._one(f"{_ENTRY} WHERE base = ? AND digest = ? {order}", base, digest)

    def several(self) -> Iterator[tuple[int, int]]:
        """Yield lines that are sent, or were, to the recipient of an earlier such line; and that line."""
        sent = "status IN ('ready', 'already_enqueued') AND base IS NOT NULL"
        first = f"SELECT base, min(line) AS line FROM row WHERE {sent} GROUP BY base HAVING count(*) > 1"  # noqa: S608
        query = f"SELECT row.line, first.line FROM row JOIN ({first}) AS first USING (base)"  # noqa: S608
        yield from self._database.execute(f"{query} WHERE {sent} AND row.line > first.line ORDER BY row.line")

    def with_made_ids(self) -> Iterator[list[Entry]]:
        """Yield for each recipient the rows that make a message of their own. The store may be changed meanwhile."""
        base = ""
        query = "SELECT DISTINCT base FROM row WHERE base > ? AND number IS NOT NULL ORDER BY base LIMIT ?"
        while page := self._database.execute(query, [base, _PAGE]).fetchall():
            for (base,) in page:
                yield self._to(base)

    def _to(self, base: str) -> list[Entry]:
        query = f"{_ENTRY} WHERE base = ? AND number IS NOT NULL ORDER BY number, line"
        return list(map(_entry, self._database.execute(query, [base]).fetchall()))

    def ready_for(self, base: str) -> list[Entry]:
        """Return the rows of a recipient that will be sent."""
        # Asked for the state too, SQLite would look through all rows.
        found = self._database.execute(f"{_ENTRY} WHERE base = ?", [base])
        return [entry for entry in map(_entry, found) if entry.status is RowStatus.READY]

    def messages_to(self, base: str) -> int:
        """Return the number of the recipient's last message."""
        found = self._database.execute("SELECT max(number) FROM row WHERE base = ?", [base]).fetchone()
        return int(found[0] or 0)

    def entries(self, status: RowStatus) -> Iterator[Entry]:
        """Yield the rows in the order of lines. The store may be changed meanwhile."""
        line = 0
        query = f"{_ENTRY} WHERE status = ? AND line > ? ORDER BY line LIMIT {_PAGE}"
        while page := self._database.execute(query, [str(status), line]).fetchall():
            yield from map(_entry, page)
            line = page[-1][0]

    def rows(self) -> Iterator[list[str]]:
        """Yield the values of every row, in the order of lines."""
        for (cells,) in self._database.execute("SELECT cells FROM row ORDER BY line"):
            yield json.loads(cells)

    def row(self, number: int) -> Entry:
        """Return a row by its number below the header, from 1; empty ones are not counted."""
        found = self._one(f"{_ENTRY} ORDER BY line LIMIT 1 OFFSET ?", number - 1)
        if found is None:
            raise IndexError(number)
        return found

    def count_rows(self, until_line: int | None = None) -> int:
        """Return how many rows there are, or as far as a line."""
        if until_line is None:
            return self._number("SELECT count(*) FROM row")
        return self._number("SELECT count(*) FROM row WHERE line <= ?", until_line)

    def neighbours(self, line: int) -> tuple[int | None, int | None]:
        """Return the lines of the rows before and after a line."""
        query = (
            "SELECT (SELECT max(line) FROM row WHERE line < ?), (SELECT min(line) FROM row WHERE line > ?)"
        )
        before, after = self._database.execute(query, [line, line]).fetchone()
        return before, after

    def count(self, status: RowStatus) -> int:
        return self._number("SELECT count(*) FROM row WHERE status = ?", str(status))

    def problems(self, limit: int = -1) -> list[Issue]:
        return self._issues("problem", limit)

    def warnings(self, limit: int = -1) -> list[Issue]:
        return self._issues("warning", limit)

    def count_warnings(self) -> int:
        return self._number("SELECT count(*) FROM warning")

    def count_problems(self) -> int:
        return self._number("SELECT count(*) FROM problem")

    def problems_of(self, line: int) -> list[Problem]:
        found = self._database.execute("SELECT field, reason FROM problem WHERE line = ?", [line])
        return [Problem(*map(pickle.loads, one)) for one in found]

    def duplicates(self, limit: int = -1) -> list[tuple[int, int]]:
        """Return lines, and those that they repeat."""
        query = "SELECT line, like FROM row WHERE status = 'duplicate' ORDER BY line LIMIT ?"
        return [(int(line), int(like)) for line, like in self._database.execute(query, [limit])]

    def _add_issues(self, table: str, line: int, found: Sequence[Problem]) -> None:
        rows = [
            (line, pickle.dumps(one.field), pickle.dumps(one.reason)) for one in found
        ]  # translatable still
        if rows:
            self._database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608 - our own names

    def _issues(self, table: str, limit: int) -> list[Issue]:
        query = f"SELECT line, field, reason FROM {table} ORDER BY line, rowid LIMIT ?"  # noqa: S608 - our own names
        found = self._database.execute(query, [limit])
        return [Issue(line, *map(pickle.loads, problem)) for line, *problem in found]

    def _number(self, query: str, *values: object) -> int:
        return int(self._database.execute(query, values).fetchone()[0])

    def _one(self, query: str, *values: object) -> Entry | None:
        found = self._database.execute(query, values).fetchone()
        return found and _entry(found)


def _entry(found: Any) -> Entry:
    line, cells, job_id, digest, status, *rest = found
    return Entry(line, tuple(json.loads(cells)), job_id, digest, RowStatus(status), *rest)
