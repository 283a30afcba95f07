"""The final answer to a request: its head is read within limits, its body in pieces.

`http.client` gives each head to the parser of the package `email`, which takes longer than all else of an exchange.
What a head means here is what it means there, or less.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected

from pec.http.deadline_socket import DeadlineSocket

MAX_HEAD_BYTES = 65_536  # of an answer, with those of the interim answers before it
MAX_HEADERS = 100  # lines of one head, with the empty one that ends it
MAX_INTERIM = 20  # answers (1xx) that may come before the final one, and mean nothing
_MAX_CHUNK_LINE_BYTES = 8_192
_PIECE_BYTES = 65_536
_NO_BODY = (HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

# The "\n" before a line belongs to it, so that a head without headers ends as any other.
_STATUS_END, _HEAD_END, _LINE_END = re.compile(rb"(?=\n)"), re.compile(rb"\n\r?\n"), re.compile(rb"\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t\r].*)?", re.DOTALL)
_FOLD = re.compile(r"\r?\n[ \t]+")
_GOOD_LINES = re.compile(r"[^\n]*(?:\n[!-9;-~]*:[^\r\n]*\r?(?=\n|\Z))*")
_HEADER = re.compile(r"\n([!-9;-~]*):[ \t]*([^\r\n]*)")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?\r?\n", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,30}")
_Headers = dict[str, list[str]]  # by their names in lower case


class TooManyInterim(HTTPException):
    """More interim answers than any server has use for."""


class HeadTooLong(HTTPException):
    """More headers, or longer ones, than any server has use for."""


class FinalAnswer:
    """The answer that counts, after any interim ones.

    101 is final, since no upgrade was asked for. The connection closes after it: what follows is no HTTP.
    """

    def __init__(self, connection: DeadlineSocket) -> None:
        """Read the head. Raise OSError and HTTPException."""
        self._unread = _Unread(connection)
        minor, self.status, self._headers = _final_head(self._unread)
        said = ", ".join(self.all("connection")).lower()
        self._closes = "close" in said or (minor == 0 and "keep-alive" not in said)
        self._is_whole = False

    def all(self, name: str) -> list[str]:
        """Return the values of a header, its name in lower case."""
        return self._headers.get(name, [])

    def body(self) -> Iterator[bytes]:
        """Yield the body as it comes. Raise OSError, and HTTPException if it is cut or its length is not clear."""
        yield from self._pieces()
        self._is_whole = True

    def leaves_open(self) -> bool:
        """Return whether another exchange may follow: the body was read, and nothing came behind it."""
        return self._is_whole and not self._closes and not self._unread

    def _pieces(self) -> Iterator[bytes]:
        lengths = set(self.all("content-length"))
        codings = {one.lower() for one in self.all("transfer-encoding")} - {"identity"}
        if self.status in _NO_BODY:
            self._closes |= bool(codings) or self.status == HTTPStatus.SWITCHING_PROTOCOLS
            return iter(())
        if codings == {"chunked"}:
            return self._chunks()
        if len(lengths) > 1:
            raise HTTPException("several lengths")
        if lengths and not codings and _LENGTH.fullmatch(length := lengths.pop()):
            return self._exactly(int(length))
        self._closes = True
        return iter(self._unread.some, b"")

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self._unread.some(length)
            if not piece:
                raise IncompleteRead(b"", length)
            length -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while length := self._chunk_length():
            yield from self._exactly(length)
            if self._unread.through(_LINE_END, 2) != b"\r\n":
                raise IncompleteRead(b"")
        room = MAX_HEAD_BYTES
        while (line := self._unread.through(_LINE_END, room)) not in (b"\r\n", b"\n", b""):  # trailers
            room -= len(line)

    def _chunk_length(self) -> int:
        line = _CHUNK_LINE.fullmatch(self._unread.through(_LINE_END, _MAX_CHUNK_LINE_BYTES))
        if line is None:
            raise IncompleteRead(b"")
        return int(line[1], 16)


class _Unread:
    """The bytes that came on the connection and were not read yet."""

    def __init__(self, connection: DeadlineSocket) -> None:
        self._connection = connection
        self._bytes = b""
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._bytes)

    def through(self, end: re.Pattern[bytes], limit: int) -> bytes:
        """Return what there is through the end, or up to where the connection ends. Raise HeadTooLong."""
        searched = self._at
        while (found := end.search(self._bytes, searched)) is None:
            if len(self._bytes) - self._at > limit:
                raise HeadTooLong
            if not (piece := self._connection.receive(_PIECE_BYTES)):
                return self._take(len(self._bytes))
            self._bytes, self._at = self._bytes[self._at :] + piece, 0
            searched = max(0, len(self._bytes) - len(piece) - 2)
        if found.end() - self._at > limit:
            raise HeadTooLong
        return self._take(found.end())

    def some(self, limit: int = _PIECE_BYTES) -> bytes:
        """Return what comes next, at most so many bytes. Nothing: the connection ended."""
        if not self:
            self._bytes, self._at = self._connection.receive(_PIECE_BYTES), 0
        return self._take(min(self._at + limit, len(self._bytes)))

    def _take(self, end: int) -> bytes:
        taken, self._at = self._bytes[self._at : end], end
        return taken


def _final_head(unread: _Unread) -> tuple[int, int, _Headers]:
    """Return the minor version, the status and the headers."""
    room = MAX_HEAD_BYTES
    for _ in range(MAX_INTERIM + 1):
        line = unread.through(_STATUS_END, room)
        if not line and not unread:
            raise RemoteDisconnected("Remote end closed connection without response")
        if (parts := _STATUS_LINE.fullmatch(line)) is None:
            raise BadStatusLine("")  # what it says may be a secret
        lines = unread.through(_HEAD_END, room - len(line))
        status = int(parts[2])
        if status >= HTTPStatus.OK or status == HTTPStatus.SWITCHING_PROTOCOLS:
            return int(parts[1]), status, _headers(lines)
        room -= len(line) + len(lines)
    raise TooManyInterim


def _headers(lines: bytes) -> _Headers:
    """Return the headers before the first line that is none. After such a line the connection closes."""
    if lines.count(b"\n") - 1 > MAX_HEADERS:
        raise HeadTooLong
    text = lines.rstrip(b"\r\n").decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    good = _GOOD_LINES.match(text)
    end = good.end() if good else 0
    found: _Headers = {}
    for name, value in _HEADER.findall(text, 0, end):
        found.setdefault(name.lower(), []).append(value.rstrip(" \t"))
    if end < len(text):
        found.setdefault("connection", []).append("close")
    return found
