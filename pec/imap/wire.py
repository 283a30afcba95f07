"""imapclient's commands over a `Stream`, so that no wait is without an end."""

import imaplib
import ssl
from typing import Any, cast

from imapclient import IMAPClient

from pec.imap.stream import Stream

MAX_LINE_BYTES = 1_000_000


class Wire(imaplib.IMAP4):
    """The protocol of the standard library, reading and writing a stream that is open already."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Do nothing: the stream is open."""

    def read(self, size: int) -> bytes:
        return self._stream.exactly(size)

    def readline(self) -> bytes:
        return self._stream.line(MAX_LINE_BYTES)

    def send(self, data: Any) -> None:
        self._stream.write(data)

    def shutdown(self) -> None:
        self._stream.close()


class Client(IMAPClient):  # type: ignore[misc]  # it ships no types
    """imapclient, which otherwise opens its own socket and logs each line at the level of debugging."""

    def __init__(self, stream: Stream, tls: ssl.SSLContext | None) -> None:
        self._stream = stream
        super().__init__("", ssl=tls is not None)
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - its name
        return Wire(self._stream)

    def _set_read_timeout(self) -> None:
        """Do nothing: the stream knows its deadline."""

    def untagged(self) -> bytes:
        """Return the next line of an idle connection."""
        return cast(bytes, self._imap._get_line())
