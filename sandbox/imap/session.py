"""The commands of a logged-in user: pymap's session over a mailbox of the sandbox."""

import asyncio
from collections.abc import Sequence
from email import message_from_bytes, policy
from typing import Any

from pymap.concurrent import Event
from pymap.exceptions import MailboxNotFound, MailboxReadOnly, NotSupportedError, TemporaryFailure
from pymap.flags import FlagOp
from pymap.interfaces.session import SessionInterface
from pymap.listtree import ListTree
from pymap.mailbox import MailboxSnapshot
from pymap.parsing.message import AppendMessage
from pymap.parsing.response.code import AppendUid, CopyUid
from pymap.parsing.specials import FetchRequirement, ObjectId, SearchKey, SequenceSet
from pymap.parsing.specials.flag import Deleted, Flag, Recent, Seen, get_system_flags
from pymap.search import SearchCriteriaSet, SearchParams
from pymap.selected import SelectedMailbox

from sandbox.clock import now
from sandbox.folders import Folder
from sandbox.imap.message import LastRead, StoredMessage
from sandbox.imap.selected import SelectedFolder
from sandbox.mail import Mail, Raw
from sandbox.mailbox import Mailbox

DELIMITER = "/"
Numbered = Sequence[tuple[int, StoredMessage]]


class Session(SessionInterface):
    """One login. Its methods block for as long as the mailbox is locked: moments."""

    def __init__(self, owner: str, mailbox: Mailbox) -> None:
        self._owner = owner
        self._mailbox = mailbox
        self._last_read = LastRead()

    @property
    def owner(self) -> str:
        return self._owner

    @property
    def filter_set(self) -> None:
        return None

    def close(self) -> None:
        pass

    async def cleanup(self) -> None:
        pass

    async def list_mailboxes(
        self, ref_name: str, filter_: str, subscribed: bool = False, selected: SelectedMailbox | None = None
    ) -> tuple[list[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        if not filter_:
            return [("", DELIMITER, [b"Noselect"])], self._updated(selected)
        with self._mailbox.folders(now()) as folders:
            tree = ListTree(DELIMITER).update(*folders)
        found = [(one.name, DELIMITER, one.attributes) for one in tree.list_matching(ref_name, filter_)]
        return list(found), self._updated(selected)

    async def get_mailbox(
        self, name: str, selected: SelectedMailbox | None = None
    ) -> tuple[MailboxSnapshot, SelectedMailbox | None]:
        with self._mailbox.folders(now()) as folders:
            snapshot = _snapshot(_found(folders, name))
        return snapshot, self._updated(selected)

    async def create_mailbox(
        self, name: str, selected: SelectedMailbox | None = None
    ) -> tuple[ObjectId, SelectedMailbox | None]:
        self._mailbox.add_folder(name)
        return _object_id(name), self._updated(selected)

    async def delete_mailbox(
        self, name: str, selected: SelectedMailbox | None = None
    ) -> SelectedMailbox | None:
        raise NotSupportedError

    async def rename_mailbox(
        self, before_name: str, after_name: str, selected: SelectedMailbox | None = None
    ) -> SelectedMailbox | None:
        raise NotSupportedError

    async def subscribe(self, name: str, selected: SelectedMailbox | None = None) -> SelectedMailbox | None:
        return self._updated(selected)

    async def unsubscribe(self, name: str, selected: SelectedMailbox | None = None) -> SelectedMailbox | None:
        return self._updated(selected)

    async def append_messages(
        self, name: str, messages: Sequence[AppendMessage], selected: SelectedMailbox | None = None
    ) -> tuple[AppendUid, SelectedMailbox | None]:
        with self._mailbox.folders(now()) as folders:
            uid_validity = _found(folders, name).uid_validity
        uids = [
            self._mailbox.store(name, _appended(one), now(), frozenset(map(bytes, one.flag_set))).uid
            for one in messages
        ]
        return AppendUid(uid_validity, uids), self._updated(selected)

    async def select_mailbox(
        self, name: str, readonly: bool = False
    ) -> tuple[MailboxSnapshot, SelectedMailbox]:
        with self._mailbox.folders(now()) as folders:
            folder = _found(folders, name)
            return _snapshot(folder), SelectedFolder(folder, readonly)

    async def check_mailbox(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None, housekeeping: bool = False
    ) -> SelectedMailbox:
        """Return at once, or in IDLE when mails came or went, or the client ends the wait."""
        folder = _ours(selected)
        if wait_on is None:
            self._updated(folder)
            return folder
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        with self._mailbox.watched(lambda: loop.call_soon_threadsafe(changed.set)):
            ended = asyncio.ensure_future(wait_on.wait())
            try:
                while not self._update(folder) and not ended.done():
                    await _either(ended, changed, self._mailbox.seconds_to_next(now()))
            finally:
                ended.cancel()
        return folder

    async def fetch_messages(
        self, selected: SelectedMailbox, sequence_set: SequenceSet, set_seen: bool
    ) -> tuple[Numbered, SelectedMailbox]:
        if set_seen:
            return await self.update_flags(selected, sequence_set, frozenset({Seen}), FlagOp.ADD)
        read = self._read(_ours(selected), sequence_set)
        self._updated(selected)
        return read, selected

    async def search_mailbox(
        self, selected: SelectedMailbox, keys: frozenset[SearchKey]
    ) -> tuple[Numbered, SelectedMailbox]:
        self._updated(selected)
        requirement = FetchRequirement.reduce(key.requirement for key in keys)
        search = SearchCriteriaSet(keys, SearchParams(selected))
        found = [
            (position, message)
            for position, message in self._read(_ours(selected), search.sequence_set)
            if search.matches(position, message, await message.load_content(requirement))
        ]
        return found, selected

    async def expunge_mailbox(
        self, selected: SelectedMailbox, uid_set: SequenceSet | None = None
    ) -> SelectedMailbox:
        if selected.readonly:
            raise MailboxReadOnly
        doomed = self._read(_ours(selected), uid_set or SequenceSet.all(uid=True))
        uids = [message.uid for _, message in doomed if Deleted in message.permanent_flags]
        self._mailbox.expunge(_ours(selected).name, uids, now())
        self._updated(selected)
        return selected

    async def copy_messages(
        self, selected: SelectedMailbox, sequence_set: SequenceSet, mailbox: str
    ) -> tuple[CopyUid | None, SelectedMailbox]:
        return self._copy(selected, sequence_set, mailbox, move=False), selected

    async def move_messages(
        self, selected: SelectedMailbox, sequence_set: SequenceSet, mailbox: str
    ) -> tuple[CopyUid | None, SelectedMailbox]:
        if selected.readonly:
            raise MailboxReadOnly
        moved = self._copy(selected, sequence_set, mailbox, move=True)
        self._updated(selected)
        return moved, selected

    async def update_flags(
        self,
        selected: SelectedMailbox,
        sequence_set: SequenceSet,
        flag_set: frozenset[Flag],
        mode: FlagOp = FlagOp.REPLACE,
    ) -> tuple[Numbered, SelectedMailbox]:
        if selected.readonly:
            raise MailboxReadOnly
        flags = selected.permanent_flags & flag_set
        with self._mailbox.folders(now()) as folders:
            folder = _same(folders, _ours(selected))
            for _, uid in _ours(selected).messages.get_uids(sequence_set):
                if entry := folder.get(uid):
                    entry.flags = frozenset(map(bytes, mode.apply(frozenset(map(Flag, entry.flags)), flags)))
        return self._read(_ours(selected), sequence_set), selected

    def _copy(
        self, selected: SelectedMailbox, sequence_set: SequenceSet, to: str, *, move: bool
    ) -> CopyUid | None:
        with self._mailbox.folders(now()) as folders:
            uid_validity = _found(folders, to).uid_validity
        uids = [uid for _, uid in _ours(selected).messages.get_uids(sequence_set)]
        copies = [(uid, self._mailbox.copy(_ours(selected).name, uid, to, now(), move=move)) for uid in uids]
        pairs = [(uid, copied) for uid, copied in copies if copied is not None]
        return CopyUid(uid_validity, pairs) if pairs else None

    def _read(self, selected: SelectedFolder, sequence_set: SequenceSet) -> Numbered:
        with self._mailbox.folders(now()) as folders:
            folder = _same(folders, selected)
            known = selected.messages.get_uids(sequence_set)
            return [
                (position, StoredMessage(entry, self._last_read))
                for position, uid in known
                if (entry := folder.get(uid))
            ]

    def _updated(self, selected: SelectedMailbox | None) -> SelectedMailbox | None:
        if selected is not None:
            self._update(_ours(selected))
        return selected

    def _update(self, selected: SelectedFolder) -> bool:
        with self._mailbox.folders(now()) as folders:
            return selected.update(_same(folders, selected))


def _ours(selected: SelectedMailbox) -> SelectedFolder:
    assert isinstance(selected, SelectedFolder)  # noqa: S101 - made by `select_mailbox`; the interface is wider
    return selected


def _found(folders: dict[str, Folder], name: str) -> Folder:
    if name not in folders:
        raise MailboxNotFound(name)
    return folders[name]


def _same(folders: dict[str, Folder], selected: SelectedFolder) -> Folder:
    """Return the selected folder, unless its numbers are no longer valid."""
    folder = folders[selected.name]
    if folder.uid_validity != selected.uid_validity:
        raise TemporaryFailure("The mailbox was numbered anew: select it again.")
    return folder


def _snapshot(folder: Folder) -> MailboxSnapshot:
    unseen = [position for position, one in enumerate(folder, 1) if bytes(Seen) not in one.flags]
    return MailboxSnapshot(
        _object_id(folder.name),
        readonly=False,
        uid_validity=folder.uid_validity,
        permanent_flags=get_system_flags() - {Recent},
        session_flags=frozenset(),
        exists=len(folder),
        recent=0,
        unseen=len(unseen),
        first_unseen=unseen[0] if unseen else None,
        next_uid=folder.next_uid,
    )


def _object_id(name: str) -> ObjectId:
    return ObjectId(b"F" + name.encode().hex().encode())


def _appended(message: AppendMessage) -> Mail:
    parsed = message_from_bytes(message.literal, policy=policy.default)
    body = parsed.get_body(("plain", "html"))
    return Mail(
        sender=str(parsed.get("From", "")),
        recipient=str(parsed.get("To", "")),
        at=now(),
        subject=str(parsed.get("Subject", "")),
        text=body.get_content() if body else "",
        size_bytes=len(message.literal),
        original=Raw(message.literal),
    )


async def _either(ended: asyncio.Future[None], changed: asyncio.Event, seconds: float | None) -> None:
    """Wait until the client ends the wait, the mailbox changes, or so many seconds are over."""
    change = asyncio.ensure_future(changed.wait())
    waits: list[asyncio.Future[Any]] = [ended, change]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        change.cancel()
        changed.clear()
