"""One mailbox: mails appear when they are due; the API knows them by position, IMAP by folder and number."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Lock

from sandbox.clock import Instant
from sandbox.folders import INBOX, Entry, Folder
from sandbox.mail import Kind, Mail
from sandbox.writing import readable


@dataclass(frozen=True, slots=True)
class Deleted:
    """A mail that the API or IMAP deleted. `sha256`: of its original; empty if it had none."""

    kind: Kind
    subject: str
    sha256: str
    at: Instant


@dataclass(frozen=True)
class Rule:
    """Files mails whose subject holds the text into a folder as they arrive, as a person's rules do."""

    subject: str
    folder: str


class Mailbox:
    """Safe for threads. Ids are positions from 1, oldest first: those after a deleted mail shift down.

    Every reading first lets in what is due by `now`. A mail for which the quota has no room is lost, and
    counted. The API sees the mails of all folders. A mail that one side deletes is gone for the other.
    """

    def __init__(self, quota_bytes: int) -> None:
        self._quota_bytes = quota_bytes
        self._used_bytes = 0
        self._entries: list[Entry] = []
        self._refused: list[Mail] = []
        self._deleted: list[Deleted] = []
        self._folders = {INBOX: Folder(INBOX)}
        self._rules: list[Rule] = []
        self._watchers: set[Callable[[], object]] = set()
        self._expected: list[tuple[Instant, int, Mail]] = []
        self._order = count()  # mails due at the same instant arrive as they were written
        self._lock = Lock()

    def expect(self, mail: Mail) -> None:
        """Add a mail that arrives at `mail.at`."""
        with self._lock:
            heapq.heappush(self._expected, (mail.at, next(self._order), mail))
        self._wake_watchers()

    def search(self, text: str, now: Instant) -> list[tuple[int, Mail]]:
        """Return ids and mails whose subject contains the text, in any case, oldest first."""
        with self._arrived(now) as entries:
            return [(id_, one.mail) for id_, one in enumerate(entries, 1) if _matches(one.mail, text)]

    def delete_matching(self, text: str, now: Instant) -> int:
        """Delete the mails with the text in their subject, and return how many."""
        with self._arrived(now) as entries:
            doomed = [one for one in entries if _matches(one.mail, text)]
            self._delete(doomed, now)
        self._wake_watchers()
        return len(doomed)

    def get(self, id_: int, now: Instant) -> Mail | None:
        with self._arrived(now) as entries:
            return entries[id_ - 1].mail if 1 <= id_ <= len(entries) else None

    def delete(self, id_: int, now: Instant) -> None:
        """Delete a mail, if it exists."""
        with self._arrived(now) as entries:
            self._delete(entries[id_ - 1 : id_] if id_ > 0 else [], now)
        self._wake_watchers()

    def used_bytes(self, now: Instant) -> int:
        with self._arrived(now):
            return self._used_bytes

    def refused(self, now: Instant) -> list[Mail]:
        """Return the mails that were lost because there was no room, oldest first."""
        with self._arrived(now):
            return list(self._refused)

    def entries(self, now: Instant) -> list[Entry]:
        """Return the mails of all folders, oldest first."""
        with self._arrived(now) as entries:
            return list(entries)

    def deleted(self) -> list[Deleted]:
        """Return the mails that were deleted, oldest first."""
        with self._lock:
            return list(self._deleted)

    @contextmanager
    def folders(self, now: Instant) -> Iterator[dict[str, Folder]]:
        """Yield the folders by name, for IMAP to read and to flag: nothing else happens meanwhile."""
        with self._arrived(now):
            yield self._folders

    def add_folder(self, name: str) -> None:
        with self._lock:
            self._folder(name)

    def store(self, folder: str, mail: Mail, now: Instant, flags: frozenset[bytes] = frozenset()) -> Entry:
        """Put a mail into a folder at once, whatever the rules and the quota."""
        with self._arrived(now):
            entry = self._add(folder, mail, flags)
        self._wake_watchers()
        return entry

    def expunge(self, folder: str, uids: Iterable[int], now: Instant) -> None:
        """Delete the mails with these numbers, those that are there."""
        with self._arrived(now):
            found = self._folders[folder]
            self._delete([entry for uid in uids if (entry := found.get(uid))], now)
        self._wake_watchers()

    def copy(self, folder: str, uid: int, to: str, now: Instant, *, move: bool = False) -> int | None:
        """Return the number of the copy in the folder `to`, or None if there is no such mail."""
        with self._arrived(now):
            entry = self._folders[folder].get(uid)
            if entry is None:
                return None
            copied = self._add(to, entry.mail, entry.flags)
            if move:
                self._remove([entry])
        self._wake_watchers()
        return copied.uid

    def file(self, rule: Rule, now: Instant) -> int:
        """Obey a rule from now on, and move what is there already. Return how many mails moved."""
        with self._arrived(now) as entries:
            self._rules.append(rule)
            moving = [
                one for one in entries if one.folder != rule.folder and _matches(one.mail, rule.subject)
            ]
            for entry in moving:
                self._refile(entry, rule.folder)
        self._wake_watchers()
        return len(moving)

    def double(self, subject: str, now: Instant) -> int:
        """Add a second copy of each mail whose subject holds the text. Return how many there were."""
        with self._arrived(now) as entries:
            doubled = [one for one in entries if _matches(one.mail, subject)]
            for entry in doubled:
                self._add(entry.folder, entry.mail, entry.flags)
        self._wake_watchers()
        return len(doubled)

    def renumber(self, folder: str, now: Instant) -> None:
        """Change the folder's UIDVALIDITY, and with it the number of every mail in it."""
        with self._arrived(now):
            self._folder(folder).renumber()
        self._wake_watchers()

    def seconds_to_next(self, now: Instant) -> float | None:
        """Return how long it takes until a mail arrives that is on its way, if there is one."""
        with self._lock:
            return self._expected[0][0].monotonic_seconds - now.monotonic_seconds if self._expected else None

    @contextmanager
    def watched(self, watcher: Callable[[], object]) -> Iterator[None]:
        """Call the watcher after each change and each mail that is now on its way. It must not block."""
        with self._lock:
            self._watchers.add(watcher)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    @contextmanager
    def _arrived(self, now: Instant) -> Iterator[list[Entry]]:
        with self._lock:
            while self._expected and self._expected[0][0] <= now:
                self._let_in(heapq.heappop(self._expected)[2])
            yield self._entries

    def _let_in(self, mail: Mail) -> None:
        if self._used_bytes + mail.size_bytes > self._quota_bytes:
            self._refused.append(mail)
            return
        folder = next((one.folder for one in reversed(self._rules) if _matches(mail, one.subject)), INBOX)
        self._add(folder, mail)

    def _add(self, folder: str, mail: Mail, flags: frozenset[bytes] = frozenset()) -> Entry:
        entry = self._folder(folder).add(mail, flags)
        self._entries.append(entry)
        self._used_bytes += mail.size_bytes
        return entry

    def _refile(self, entry: Entry, folder: str) -> None:
        """Move a mail and leave its position for the API: it is the same mail."""
        self._folders[entry.folder].remove(entry)
        moved = self._folder(folder).add(entry.mail, entry.flags)
        self._entries[self._entries.index(entry)] = moved

    def _delete(self, doomed: list[Entry], now: Instant) -> None:
        mails = [one.mail for one in doomed]
        self._remove(doomed)
        self._deleted += [Deleted(one.kind, one.subject, one.sha256(), now) for one in mails]

    def _remove(self, doomed: list[Entry]) -> None:
        for entry in doomed:
            self._folders[entry.folder].remove(entry)
            self._used_bytes -= entry.mail.size_bytes
        if len(doomed) == 1:
            self._entries.remove(doomed[0])
        elif doomed:
            gone = set(map(id, doomed))
            self._entries[:] = [one for one in self._entries if id(one) not in gone]

    def _folder(self, name: str) -> Folder:
        if name not in self._folders:
            self._folders[name] = Folder(name)
        return self._folders[name]

    def _wake_watchers(self) -> None:
        if not self._watchers:
            return
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher()


def _matches(mail: Mail, text: str) -> bool:
    """Return whether a search matches, as servers search: in the subject that people see."""
    return text.casefold() in readable(mail.subject).casefold()
