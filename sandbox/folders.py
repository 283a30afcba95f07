"""The folders of a mailbox as IMAP shows them: each numbers its mails anew, and never gives a number twice."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.mail import Mail

INBOX = "INBOX"


@dataclass(eq=False, slots=True)
class Entry:
    """A mail in its folder. `flags` are IMAP's, such as `\\Seen`."""

    mail: Mail
    folder: str
    uid: int
    flags: frozenset[bytes] = frozenset()


@dataclass
class Folder:
    """Not safe for threads: the mailbox guards it. `version` changes when a mail comes or goes."""

    name: str
    uid_validity: int = field(default_factory=lambda: int(time.time()))
    next_uid: int = 1
    version: int = 0
    _entries: dict[int, Entry] = field(default_factory=dict)  # in the order of their numbers

    def add(self, mail: Mail, flags: frozenset[bytes] = frozenset()) -> Entry:
        entry = Entry(mail, self.name, self.next_uid, flags)
        self._entries[entry.uid] = entry
        self.next_uid += 1
        self.version += 1
        return entry

    def remove(self, entry: Entry) -> None:
        del self._entries[entry.uid]
        self.version += 1

    def renumber(self) -> None:
        """Give every mail another number, as after a server lost its index."""
        entries, self._entries = list(self._entries.values()), {}
        self.uid_validity += 1
        self.version += 1
        for entry in entries:
            entry.uid = self.next_uid
            self._entries[entry.uid] = entry
            self.next_uid += 1

    def get(self, uid: int) -> Entry | None:
        return self._entries.get(uid)

    def uids(self) -> list[int]:
        return list(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)
