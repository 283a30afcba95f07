"""Cuts a mail's raw bytes into headers and parts. Every byte of a part stays as it came.

The `email` package parses header blocks only: its generator would fold headers anew and break signatures.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import NamedTuple

MAX_DEPTH = 10  # multiparts inside each other
MAX_PARTS = 10_000  # of a mail

_END_OF_HEADERS = re.compile(rb"(?:\A|\n)\r*\n")
_LINE_END = re.compile(rb"(?<!\r)\r*+\n")  # a run of CR is looked at once
_MBOX_LINE = re.compile(rb"\A>?From [^\n]*\n")
_PARSER = BytesHeaderParser()


@dataclass(frozen=True, slots=True)
class Part:
    """A mail or one of its parts: its header fields, and the bytes below them."""

    headers: Message
    body: bytes

    @property
    def type(self) -> str:
        return self.headers.get_content_type()

    @property
    def name(self) -> str:
        """Return the file name that the part gives itself, or an empty text."""
        try:
            return decoded(self.headers.get_filename())
        except (ValueError, LookupError, TypeError):  # an encoding of RFC 2231 that is none
            return ""


class Slices(NamedTuple):
    """The parts between the delimiters of a multipart. `closed`: its last delimiter is the one that ends it."""

    parts: list[bytes]
    closed: bool


def parse(raw: bytes) -> Part:
    """Return the header fields and the body of a mail or of a part. Never raises."""
    raw = _MBOX_LINE.sub(b"", raw, count=1) if raw[:6].lstrip(b">").startswith(b"From ") else raw
    end = _END_OF_HEADERS.search(raw)
    if end is None:
        return Part(_headers(raw), b"")
    return Part(_headers(raw[: end.start() + 1]), raw[end.end() :])


def slices(body: bytes, boundary: str) -> Slices:
    """Return each part with the line end before its closing delimiter, which belongs to the delimiter.

    A delimiter is a line of its own, so that one boundary can be the start of another. Text between
    a closing delimiter and a later delimiter is a part too, so that a second copy of a mail does not go unseen.
    """
    found: list[bytes] = []
    start: int | None = None
    closed = False
    for begins, ends, closes in _delimiters(body, boundary):
        if start is not None:
            found.append(body[start:begins])
        start, closed = ends, closes
    if start is not None and not closed:
        found.append(body[start:])
    return Slices(found, closed)


def without_last_line_end(part: bytes) -> bytes:
    """Return a slice as its sender had it."""
    return part.removesuffix(b"\n").removesuffix(b"\r")


def canonical(part: bytes) -> bytes:
    """Return a slice with CRLF at each line's end, without the last one: what a tool that saved it may have changed."""
    return _LINE_END.sub(b"\r\n", part).removesuffix(b"\r\n")


def boundary_of(part: Part) -> str | None:
    """Return the boundary that a multipart names, or None."""
    try:
        boundary = part.headers.get_boundary()
    except (ValueError, LookupError, TypeError):  # an encoding of RFC 2231 that is none
        return None
    return boundary if boundary and boundary.isascii() else None


def leaves(mail: Part) -> Iterator[Part]:
    """Return the parts of all multiparts, in their order; a mail inside is one part and is not opened."""
    return islice(_leaves(mail, 0), MAX_PARTS)


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    boundary = boundary_of(part)
    if not part.type.startswith("multipart/") or boundary is None or depth >= MAX_DEPTH:
        yield part
        return
    for one in slices(part.body, boundary).parts:
        yield from _leaves(parse(without_last_line_end(one)), depth + 1)


def content(part: Part) -> bytes:
    """Return the bytes that a part holds once its transfer encoding is undone."""
    match str(part.headers.get("Content-Transfer-Encoding", "")).strip().lower():
        case "base64":
            return from_base64(part.body)
        case "quoted-printable":
            return quopri.decodestring(part.body)
    return part.body


def text(part: Part) -> str:
    """Return the text that a part holds, as far as it can be decoded."""
    try:
        return content(part).decode(part.headers.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError, TypeError):  # a charset that Python does not know
        return content(part).decode("utf-8", "replace")


def decoded(value: object) -> str:
    """Return a header field as people read it. Mail programs encode file names so too, though RFC 2047 forbids it."""
    try:
        return str(make_header(decode_header(str(value or ""))))
    except (ValueError, LookupError):
        return str(value or "")


def date_of(headers: Message) -> datetime | None:
    """Return the instant that a mail names, or None if it names none with a time zone."""
    try:
        found = parsedate_to_datetime(str(headers.get("Date")))
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else None


def from_base64(text: bytes) -> bytes:
    """Return what base64 holds, as far as it can be read."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", text.partition(b"=")[0])
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return base64.b64decode(letters[:-1])


def _headers(lines: bytes) -> Message:
    """Return the headers. A lone CR ends no line, although the parser takes it for an end."""
    return _PARSER.parsebytes(_LINE_END.sub(b"\n", lines).replace(b"\r", b" "))


def _delimiters(body: bytes, boundary: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the start and the end of each delimiter line, and whether it closes the multipart."""
    mark = b"--" + boundary.encode("ascii")
    for begins in _line_starts(body, mark):
        ends = body.find(b"\n", begins)
        rest = body[begins + len(mark) : ends if ends >= 0 else len(body)].rstrip()
        if rest in (b"", b"--"):
            yield begins, ends + 1 if ends >= 0 else len(body), rest == b"--"


def _line_starts(body: bytes, mark: bytes) -> Iterator[int]:
    if body.startswith(mark):
        yield 0
    found = -1
    while (found := body.find(b"\n" + mark, found + 1)) >= 0:
        yield found + 1
