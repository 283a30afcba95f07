"""The bytes of an IMAP connection, read in lines and literals. Each wait ends at one deadline."""

import ssl
import time

from pec.http.connection import connect
from pec.http.deadline_socket import DeadlineSocket

MAX_LITERAL_BYTES = 256_000_000  # a mail of 100 MB in base64 is 137 MB
_RECEIVED_BYTES = 65_536


class Stream:
    """For one thread at a time. Raises OSError, and EOFError if the server hangs up in the middle."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, ends: float) -> None:
        self._socket = DeadlineSocket(connect(host, port, ends))
        self._unread = bytearray()
        self._piece = memoryview(bytearray(_RECEIVED_BYTES))
        try:
            self._socket.within(ends)
            if tls is not None:
                self._socket.start_tls(tls, host.rstrip("."))
        except BaseException:
            self._socket.close()
            raise

    def within(self, ends: float, wait_seconds: float) -> None:
        """End the next exchange at this moment (`time.monotonic`), and any single wait in it after the seconds."""
        self._socket.within(ends, wait_seconds)

    def write(self, data: bytes) -> None:
        self._socket.send(data)

    def line(self, limit: int) -> bytes:
        """Return a line with its end. Raise ValueError if it is longer than the limit."""
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > limit:
                raise ValueError(f"a line of more than {limit} bytes")
            if not self._receive():
                return self._take(len(self._unread))
        return self._take(end + 1)

    def exactly(self, size: int) -> bytes:
        """Return so many bytes. Raise EOFError if the server hangs up before, ValueError if they are too many."""
        if size > MAX_LITERAL_BYTES:
            raise ValueError(f"a literal of more than {MAX_LITERAL_BYTES} bytes")
        found = bytearray(self._unread[:size])
        del self._unread[:size]
        missing = memoryview(bytearray(size - len(found)))
        read = 0
        while read < len(missing):
            count = self._socket.read_into(missing[read : read + _RECEIVED_BYTES])
            if not count:
                raise EOFError("the server hung up in the middle of a mail")
            read += count
        return bytes(missing) if not found else bytes(found + missing)

    def arrives(self, seconds: float) -> bool:
        """Return whether a byte comes within the seconds. Raise EOFError if the server hangs up."""
        if self._unread:
            return True
        self._socket.within(time.monotonic() + seconds)
        try:
            if not self._receive():
                raise EOFError("the server hung up")
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> int:
        count = self._socket.read_into(self._piece)
        self._unread += self._piece[:count]
        return count

    def _take(self, count: int) -> bytes:
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken
