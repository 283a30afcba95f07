"""One session with a mailbox: what is read of it, and nothing that flags, moves or marks a mail as read.

Folders are opened with EXAMINE, mails are fetched with BODY.PEEK. Only `expunge` changes anything, by UID.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pec.http.tls import all_authorities
from pec.imap.errors import FolderMissing, ImapUnavailable
from pec.imap.failures import described, refusal, translated
from pec.imap.server import Server
from pec.imap.stream import Stream
from pec.imap.wire import Client

CONNECT_SECONDS = 10.0
WAIT_SECONDS = 60.0  # for the next byte, and for a whole answer beside its size
MIN_BYTES_PER_SECOND = 50_000
PART_BYTES = 4_000_000  # of a mail that is fetched in parts
MAX_WINDOW = 50_000  # UIDs that one search may answer: the library takes no line of more than 1 MB
HEADERS = "FROM SUBJECT DATE MESSAGE-ID IN-REPLY-TO REFERENCES X-RICEVUTA X-TRASPORTO"
_SUMMARY = ["UID", "RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[HEADER.FIELDS ({HEADERS})]"]
_PLAIN_NAME = re.compile(r"[A-Za-z0-9@._+-]+")  # the library does not quote it


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is open. `next_uid` is None if the server does not say it."""

    name: str
    validity: int
    next_uid: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A mail that was not fetched: its size, when it came, and chosen header lines."""

    uid: int
    size: int
    arrived_at: datetime | None
    headers: bytes = field(repr=False)


class Session:
    """For one thread at a time. After ImapUnavailable it is closed."""

    def __init__(self, client: Client, stream: Stream) -> None:
        self._client, self._stream = client, stream
        self.is_open = True

    @classmethod
    def open(cls, server: Server) -> "Session":
        """Connect and log in. Raise ImapUnavailable and LoginRefused."""
        tls = all_authorities() if server.tls else None
        ends = time.monotonic() + CONNECT_SECONDS
        with translated():
            stream = Stream(server.host, server.port, tls, ends)
        try:
            with translated():
                session = cls(Client(stream, tls), stream)
            session._log_in(server)
        except BaseException:
            stream.close()
            raise
        return session

    def is_alive(self) -> bool:
        """Return whether the server still answers."""
        try:
            with self._asking():
                self._client.noop()
        except ImapUnavailable:
            return False
        return True

    def close(self) -> None:
        """Log out, if the server answers soon."""
        if not self.is_open:
            return
        self._stream.within(time.monotonic() + 1, 1)
        with suppress(Exception):  # whatever it answered, the connection ends
            self._client.logout()
        self._end()

    # Folders

    def folders(self) -> list[str]:
        """Return the names of all folders that can be opened."""
        with self._asking():
            found = self._client.list_folders()
        return [name for flags, _, name in found if rb"\noselect" not in map(bytes.lower, flags)]

    def examine(self, name: str) -> Folder:
        """Open a folder for reading. Raise FolderMissing."""
        return self._select(name, read_only=True)

    def select(self, name: str) -> Folder:
        """Open a folder so that mails can be deleted. Raise FolderMissing."""
        return self._select(name, read_only=False)

    def _select(self, name: str, *, read_only: bool) -> Folder:
        with self._asking(refused=lambda said: FolderMissing(name, said)):
            found = self._client.select_folder(name, readonly=read_only)
            return Folder(
                name, int(found[b"UIDVALIDITY"]), _number(found.get(b"UIDNEXT")), int(found[b"EXISTS"])
            )

    # Mails

    def uids(self, first: int, last: int, since: date | None = None) -> list[int]:
        """Return the UIDs of the open folder from the first to the last, in order.

        `since` leaves out mails that came on an earlier day. At most MAX_WINDOW mails may lie between them.
        """
        if first > last:
            return []
        criteria: list[Any] = ["UID", f"{first}:{last}", *(["SINCE", since] if since else [])]
        with self._asking():
            found = self._client.search(criteria)
        return sorted({uid for uid in found if first <= uid <= last})

    def uids_with(self, subject: str) -> list[int]:
        """Return the UIDs of mails whose subject holds this ASCII text. The server may have to read all mails."""
        with self._asking():
            found = self._client.search(["SUBJECT", subject])
        return sorted(found)

    def uid_at(self, number: int) -> int | None:
        """Return the UID of the mail at this position, counted from 1, or None if there is none."""
        with self._asking():
            found = self._client.search([str(number)])
        return max(found, default=None)

    def summaries(self, uids: Sequence[int]) -> list[Summary]:
        """Return sizes and headers, in the order of their UIDs. A mail that is gone is left out."""
        with self._asking():
            found = self._client.fetch(uids, _SUMMARY)
        return [_summary(uid, parts) for uid, parts in sorted(found.items()) if b"RFC822.SIZE" in parts]

    def mails(self, uids: Sequence[int], size: int) -> dict[int, bytes]:
        """Return whole mails, of this size in all. One that is gone is left out."""
        with self._asking(size):
            found = self._client.fetch(uids, ["BODY.PEEK[]"])
        return {uid: parts[b"BODY[]"] for uid, parts in found.items() if parts.get(b"BODY[]") is not None}

    def parts(self, uid: int) -> Iterator[bytes]:
        """Yield a mail in parts of 4 MB, so that a large one leaves its reader time between them."""
        start = 0
        while True:
            with self._asking(PART_BYTES):
                found = self._client.fetch([uid], [f"BODY.PEEK[]<{start}.{PART_BYTES}>"])
            part = found.get(uid, {}).get(f"BODY[]<{start}>".encode()) or b""
            yield part
            if len(part) < PART_BYTES:
                return
            start += len(part)

    def can_expunge(self) -> bool:
        """Return whether the server deletes by UID (UIDPLUS), which alone leaves others' deleted mails alone."""
        with self._asking():
            return bool(self._client.has_capability("UIDPLUS"))

    def expunge(self, uids: Sequence[int]) -> None:
        """Delete exactly these mails of a folder that was opened with `select`."""
        with self._asking():
            self._client.add_flags(uids, [rb"\Deleted"], silent=True)
            self._client.uid_expunge(uids)

    # Waiting

    def can_idle(self) -> bool:
        with self._asking():
            return bool(self._client.has_capability("IDLE"))

    def begin_idle(self) -> None:
        """Ask the server to say when a mail comes into the open folder."""
        with self._asking():
            self._client.idle()

    def arrived(self, seconds: float) -> bool:
        """Return whether the server says within the seconds that mails came."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            with self._asking():
                if not self._stream.arrives(left):
                    return False
            with self._asking():
                line = self._client.untagged().upper()
            if line.startswith(b"* BYE"):
                self._end()
                raise ImapUnavailable("hung_up", described(line))
            if line.endswith((b" EXISTS", b" RECENT")):
                return True
        return False

    def end_idle(self) -> None:
        with self._asking():
            self._client.idle_done()

    # Within

    def _log_in(self, server: Server) -> None:
        password = server.password.get_secret_value()
        try:
            with self._asking(refused=lambda said: refusal(said, password)):
                if _PLAIN_NAME.fullmatch(server.username) and password.isascii():
                    self._client.login(server.username, password)
                else:
                    self._client.plain_login(server.username, password)
        except BaseException:
            self._end()
            raise

    @contextmanager
    def _asking(self, size: int = 0, refused: Any = None) -> Iterator[None]:
        """Give the exchange its deadline. Close the session if the connection fails or the answer can't be read.

        `refused` makes the error if the server answers NO or BAD.
        """
        if not self.is_open:
            raise ImapUnavailable("closed", "the session is closed")
        seconds = WAIT_SECONDS + size / MIN_BYTES_PER_SECOND
        self._stream.within(time.monotonic() + seconds, WAIT_SECONDS)
        try:
            with translated(refused):
                yield
        except ImapUnavailable:
            self._end()
            raise

    def _end(self) -> None:
        self.is_open = False
        self._stream.close()


def _number(value: Any) -> int | None:
    return int(value) if value is not None else None


def _summary(uid: int, parts: Any) -> Summary:
    headers = next((value for key, value in parts.items() if key.startswith(b"BODY[HEADER")), b"")
    return Summary(uid, parts[b"RFC822.SIZE"], parts.get(b"INTERNALDATE"), headers or b"")
