"""One mailbox: mails appear when they are due, stand in order of arrival, and are known by their position."""

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Lock

from sandbox.clock import Instant
from sandbox.writing import readable


@dataclass(frozen=True)
class Mail:
    sender: str
    recipient: str
    at: Instant
    subject: str
    text: str
    size_bytes: int


class Mailbox:
    """Safe for threads. Ids are positions from 1, oldest first: those after a deleted mail shift down.

    Every reading first lets in what is due by `now`. A mail for which the quota has no room is lost, and counted.
    """

    def __init__(self, quota_bytes: int) -> None:
        self._quota_bytes = quota_bytes
        self._used_bytes = 0
        self._mails: list[Mail] = []
        self._refused: list[Mail] = []
        self._expected: list[tuple[Instant, int, Mail]] = []
        self._order = count()  # mails due at the same instant arrive as they were written
        self._lock = Lock()

    def expect(self, mail: Mail) -> None:
        """Add a mail that arrives at `mail.at`."""
        with self._lock:
            heapq.heappush(self._expected, (mail.at, next(self._order), mail))

    def search(self, text: str, now: Instant) -> list[tuple[int, Mail]]:
        """Ids and mails whose subject holds the text, in any case, oldest first."""
        with self._arrived(now) as mails:
            return [(id_, mail) for id_, mail in enumerate(mails, 1) if _matches(mail, text)]

    def delete_matching(self, text: str, now: Instant) -> int:
        """How many mails had the text in their subject and are gone."""
        with self._arrived(now) as mails:
            doomed = [mail for mail in mails if _matches(mail, text)]
            mails[:] = [mail for mail in mails if not _matches(mail, text)]
            self._used_bytes -= sum(mail.size_bytes for mail in doomed)
            return len(doomed)

    def get(self, id_: int, now: Instant) -> Mail | None:
        with self._arrived(now) as mails:
            return mails[id_ - 1] if 1 <= id_ <= len(mails) else None

    def delete(self, id_: int, now: Instant) -> None:
        """Deleting what is not there changes nothing."""
        with self._arrived(now) as mails:
            if 1 <= id_ <= len(mails):
                self._used_bytes -= mails.pop(id_ - 1).size_bytes

    def used_bytes(self, now: Instant) -> int:
        with self._arrived(now):
            return self._used_bytes

    def refused(self, now: Instant) -> list[Mail]:
        """Return the mails that were lost because there was no room, oldest first."""
        with self._arrived(now):
            return list(self._refused)

    @contextmanager
    def _arrived(self, now: Instant) -> Iterator[list[Mail]]:
        with self._lock:
            while self._expected and self._expected[0][0] <= now:
                self._let_in(heapq.heappop(self._expected)[2])
            yield self._mails

    def _let_in(self, mail: Mail) -> None:
        if self._used_bytes + mail.size_bytes <= self._quota_bytes:
            self._mails.append(mail)
            self._used_bytes += mail.size_bytes
        else:
            self._refused.append(mail)


def _matches(mail: Mail, text: str) -> bool:
    """Return whether a search matches, as servers search: in the subject that people see."""
    return text.casefold() in readable(mail.subject).casefold()
