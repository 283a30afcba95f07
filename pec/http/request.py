"""A request, as the bytes that are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import InvalidURL


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path with its query, `headers` are lines made by `header_lines`."""

    method: str
    target: str
    headers: bytes = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def head(self, host: bytes) -> bytes:
        """Return the head for this server. Raise InvalidURL and UnicodeError if the target can't be written."""
        if " " in self.target or not self.target.isprintable():
            raise InvalidURL
        length = b"" if self.method == "GET" else b"Content-Length: %d\r\n" % len(self.body)
        start = f"{self.method} {self.target} HTTP/1.1\r\nHost: ".encode("ascii")
        return b"%b%b\r\n%b%b\r\n" % (start, host, length, self.headers)


def header_lines(headers: Mapping[str, str | bytes]) -> bytes:
    """Return the headers as lines. Raise ValueError if one would be more than a line."""
    lines = [
        name.encode("ascii") + b": " + (value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in headers.items()
    ]
    written = b"".join(line + b"\r\n" for line in lines)
    if not written.count(b"\r") == written.count(b"\n") == len(lines):
        raise ValueError("a header is more than a line")
    return written
