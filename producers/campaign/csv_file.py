"""Reads CSV as Excel in Italy writes it: `;` or `,` or tab, UTF-8 or cp1252, with a byte order mark or without."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from producers.campaign.cells import clean
from producers.campaign.errors import Unusable
from producers.campaign.rows import Row, Rows

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES = 1 << 16
_MOST_HEADER = 1 << 16  # characters looked at for the delimiter
_DELIMITERS = ";\t,"  # of as many in the header the first one counts
_SAID = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)  # Excel's own first line
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@contextmanager
def open_csv(path: Path) -> Iterator[Rows]:
    """Raises Unusable, also while rows are read."""
    with path.open("rb") as raw:
        encoding = encoding_of(raw, path.name)
        size = max(1, raw.seek(0, io.SEEK_END))
        raw.seek(0)
        with io.TextIOWrapper(raw, encoding, newline="") as text:
            delimiter, skipped = _delimiter(text)
            yield Rows(_rows(text, delimiter, skipped), lambda: 1.0 if raw.closed else raw.tell() / size)


def encoding_of(raw: BinaryIO, name: str) -> str:
    """What the whole file can be read in. Raises Unusable."""
    start = raw.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        if _decodes(raw, encoding):
            return encoding
    raise Unusable(f'{name} is no text in UTF-8 or Windows-1252: save it in Excel as "CSV UTF-8" or .xlsx')


def decoded(content: bytes) -> str | None:
    """A whole small file as text; None where it is none."""
    try:
        return content.decode(encoding_of(io.BytesIO(content), ""))
    except Unusable:
        return None


def _decodes(raw: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    raw.seek(0)
    try:
        while chunk := raw.read(_CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: io.TextIOWrapper) -> tuple[str, int]:
    """What parts the cells, and how many lines are to be skipped. Leaves the text at the start of the rest."""
    first = text.readline(_MOST_HEADER)
    if said := _SAID.match(first):
        return said[1], 1
    text.seek(0)
    start = text.read(_MOST_HEADER).lstrip("\r\n;,\t ")
    text.seek(0)
    bare = _QUOTED.sub("", start)
    header = re.split(r"[\r\n]", bare, maxsplit=1)[0]
    return max(_DELIMITERS, key=header.count), 0


def _rows(text: io.TextIOWrapper, delimiter: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unusable(f"line {line}: {_worded(str(error))}") from None
        yield Row(line, tuple(map(clean, cells)))


def _worded(error: str) -> str:
    if "expected after" in error:
        return 'there is a quotation mark inside a cell in quotation marks: write it twice ("")'
    return "a quotation mark is opened and never closed: close it, or remove it"
