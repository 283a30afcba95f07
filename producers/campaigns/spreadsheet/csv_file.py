"""Reads CSV as Excel in Italy writes it: `;` or `,` or tab, in the encoding that it has."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.texts import _
from producers.campaigns.errors import Unusable
from producers.campaigns.spreadsheet.csv_marks import without_blanks, without_marks
from producers.campaigns.spreadsheet.encodings import Encoding, encoding_of
from producers.campaigns.spreadsheet.rows import Row, Rows

_MAX_HEADER = 1 << 16  # characters looked at for the delimiter
_DELIMITERS = ";\t|,"  # of those that may be meant the first one counts
_MAX_LINES = 20  # looked at for the delimiter
_WHOLE = re.compile(r'\s*"((?:[^"]|"")*)"[;,\s]*')  # a line in quotation marks
_SAID = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)  # Excel's own first line
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@contextmanager
def open_csv(path: Path, encoding: str | None = None) -> Iterator[Rows]:
    """Return the table of a CSV; a person may give `encoding`. Raise Misused, or Unusable, also while rows are read."""
    with path.open("rb") as raw:
        found = encoding_of(raw, path.name, encoding)
        size = max(1, raw.seek(0, io.SEEK_END))
        raw.seek(0)
        with io.TextIOWrapper(raw, found.name, newline="") as text:
            wrapped = _is_wrapped(text)
            records = _Records(text, _delimiter(text, wrapped=wrapped), wrapped=wrapped)
            yield Rows(
                iter(records),
                lambda: 1.0 if raw.closed else raw.tell() / size,
                encoding=found,
                breaks=lambda: records.breaks,
            )


def decoded(content: bytes, name: str) -> tuple[str, Encoding]:
    """Return a whole small file as text, and its encoding. Raise Unusable."""
    found = encoding_of(io.BytesIO(content), name, remedy=_("save it as UTF-8"))
    return content.decode(found.name), found


def _is_wrapped(text: io.TextIOWrapper) -> bool:
    """Return whether a program put each whole line into quotation marks: `"nome;PEC"`. Leave the text at its start."""
    lines = text.read(_MAX_HEADER).splitlines()[:_MAX_LINES]
    text.seek(0)
    found = [_WHOLE.fullmatch(line) for line in lines if line.strip(";, \t")]
    return bool(found) and all(one and any(mark in one[1] for mark in _DELIMITERS) for one in found)


def _delimiter(text: io.TextIOWrapper, *, wrapped: bool) -> str:
    """Return what parts the cells. Leaves the text at the start of the rows."""
    first = text.readline(_MAX_HEADER)
    if said := _SAID.match(first):
        return said[1]
    text.seek(0)
    start = text.read(_MAX_HEADER).lstrip("\r\n;,\t ")
    text.seek(0)
    if wrapped:
        start = "\n".join(map(_unwrapped, start.splitlines()))
    header, *lines = [line for line in re.split(r"[\r\n]", _QUOTED.sub("", start)) if line] or [""]
    lines = lines[: min(_MAX_LINES, max(1, len(lines) - 1))]  # the last one may be cut
    even = [
        one
        for one in _DELIMITERS
        if {line.count(one) for line in (header, *lines)} == {header.count(one)} != {0}
    ]
    return even[0] if even else max(_DELIMITERS, key=header.count)


def _unwrapped(line: str) -> str:
    found = _WHOLE.fullmatch(line)
    return found[1].replace('""', '"') + "\n" if found else line


class _Records:
    """The rows, numbered as a spreadsheet program numbers them: a cell with line breaks is in one row."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, *, wrapped: bool) -> None:
        self.breaks = False  # whether a cell had line breaks, so that an editor counts other lines
        self._text, self._delimiter = text, delimiter
        self._inside, self._wrapped = False, wrapped

    def __iter__(self) -> Iterator[Row]:
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        line = 0
        while True:
            line, before, self._inside = line + 1, reader.line_num, False
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise Unusable(
                    _("line {line}: {problem}").format(line=line, problem=_worded(str(error)))
                ) from None
            self.breaks |= reader.line_num > before + 1
            yield Row(line, tuple(map(without_marks, cells)))

    def _lines(self) -> Iterator[str]:
        for line in self._text:
            inside, self._inside = self._inside, True  # a record that asks for more is within a cell
            line = _unwrapped(line) if self._wrapped else line
            yield without_blanks(line, self._delimiter, inside=inside)


def _worded(error: str) -> str:
    if "expected after" in error:
        return _('there is a quotation mark inside a cell in quotation marks: write it twice ("")')
    return _("a quotation mark is opened and never closed: close it, or remove it")
