"""The final answer to a request, without the interim ones (1xx) that may come before it and mean nothing.

`http.client` skips 100 alone, however often it comes. Knows sockets only through `http.client`.
"""

from http import HTTPStatus
from http.client import HTTPException, HTTPResponse

MAX_INTERIM = 20
MAX_INTERIM_BYTES = 65_536  # of all their headers


class TooManyInterim(HTTPException):
    """More interim answers, or longer ones, than any server has use for."""


class FinalAnswer(HTTPResponse):
    """A response that skips interim answers. Give it to a connection as `response_class`."""

    def begin(self) -> None:
        """Read up to the final headers. Raises HTTPException and OSError.

        101 is final, since no upgrade was asked for. The connection closes after it: what follows is no HTTP.
        """
        super().begin()
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        """Replace a private method of `http.client`: nothing public stands between status line and headers."""
        room = MAX_INTERIM_BYTES
        for _ in range(MAX_INTERIM + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            if status >= 200 or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            room = self._skip_headers(room)
        raise TooManyInterim

    def _skip_headers(self, room: int) -> int:
        """Return how many bytes further interim answers may have."""
        while room > 0:
            line = self.fp.readline(room)
            room -= len(line)
            if line in (b"\r\n", b"\n", b""):  # the last: the connection ended, which the next read reports
                return room
        raise TooManyInterim
