"""Deleting exactly the mails that the archive holds, each by its UID.

Before a mail goes, the archive gives its bytes back, and the mail at that UID is looked at once more. Nothing else is
ever marked or deleted: without UIDPLUS nothing is, because EXPUNGE alone takes what others marked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser

import structlog

from archive import mime
from archive.vault import EML, Altered, Missing
from pec.imap.errors import FolderMissing, ImapUnavailable
from pec.imap.session import Folder, Session, Summary
from pec.instants import to_text
from pec.messages import Message
from pec.store import audit, imap_receipts, purging
from pec.store.audit import Act
from pec.store.imap_receipts import Place
from pec.store.records import StoredReceipts
from workers.context import WorkerContext

ACTOR = "worker"
_HEADERS = BytesHeaderParser()
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """A mail that the archive holds, and where it lies in the mailbox."""

    message: Message
    place: Place
    sha256: str


class UidPurge:
    """Deletes receipts of one mailbox in one session. `left`: the messages some of whose receipts can't go yet."""

    def __init__(self, ctx: WorkerContext, account: str, session: Session) -> None:
        self._ctx, self._account, self._session = ctx, account, session
        self.left: set[str] = set()

    def purge(self, cases: Sequence[tuple[Message, StoredReceipts]]) -> int:
        """Delete the receipts of these messages. Return how many mails went. Raise TooFewReplicas."""
        if not self._session.can_expunge():
            raise ImapUnavailable("no_uidplus", "the server can't delete single mails (UIDPLUS)")
        by_folder: defaultdict[str, list[_Kept]] = defaultdict(list)
        for message, stored in cases:
            originals = {one.original.sha256 for one in stored.receipts.values() if one.original}
            places = imap_receipts.places_of(self._ctx.store, message.id)
            for place, sha256 in places.items():
                by_folder[place.folder].append(_Kept(message, place, sha256))
            if not originals <= set(places.values()):
                log.info("receipt_not_in_mailbox", message=message.id)
        deleted = 0
        for name, found in by_folder.items():
            deleted += self._purge_folder(name, found)
        done = [message.id for message, _ in cases if message.id not in self.left]
        purging.leave_empty(self._ctx.store, self._account, done)
        return deleted

    def _purge_folder(self, name: str, found: Sequence[_Kept]) -> int:
        try:
            folder = self._session.select(name)
        except FolderMissing as missing:
            log.warning("folder_missing", account=self._account, folder=name, why=missing.description)
            if name.upper() == "INBOX" or name in self._session.folders():
                self.left |= {one.message.id for one in found}  # it is there, and does not open now
            else:
                self._forget(found)
            return 0
        stale = [one for one in found if one.place.validity != folder.validity]
        self._forget(stale)
        ours = [one for one in found if one.place.validity == folder.validity]
        there = (
            {one.uid: one for one in self._session.summaries([one.place.uid for one in ours])} if ours else {}
        )
        chosen = [one for one in ours if self._may_go(folder, one, there)]
        if chosen:
            self._delete(folder, chosen, there)
        self._forget(one for one in ours if one.message.id not in self.left)
        return len(chosen)

    def _may_go(self, folder: Folder, one: _Kept, there: Mapping[int, Summary]) -> bool:
        """Return whether the archive gives the mail back, and the mail at its UID is that mail."""
        summary = there.get(one.place.uid)
        if summary is None:
            return False  # it is gone already
        assert self._ctx.vault  # noqa: S101 - a mailbox is read only if there is an archive
        try:
            raw = self._ctx.vault.get(one.sha256, EML)
        except (Missing, Altered) as why:
            log.error("original_lost", message=one.message.id, sha256=one.sha256, why=str(why))
            again = [(one.message.code or "", one.place)]
            now = self._ctx.now().timestamp()
            imap_receipts.revisit_later(self._ctx.store, self._account, again, now, unarchived=True)
            self.left.add(one.message.id)
            return False
        if self._is(folder, summary, raw):
            return True
        log.error(
            "purge_refused", message=one.message.id, folder=folder.name, uid=one.place.uid, why="another mail"
        )
        return False

    def _is(self, folder: Folder, summary: Summary, raw: bytes) -> bool:
        message_id = _message_id(mime.parse(raw).headers.get("Message-ID"))
        if message_id and summary.size == len(raw):
            return _message_id(_HEADERS.parsebytes(summary.headers).get("Message-ID")) == message_id
        if summary.size > 2 * len(raw) + 1000:
            return False
        return self._session.mails([summary.uid], summary.size).get(summary.uid) == raw

    def _delete(self, folder: Folder, chosen: Sequence[_Kept], there: Mapping[int, Summary]) -> None:
        at = to_text(self._ctx.now())
        audit.note_first(self._ctx.store, at, *(self._act(folder, one) for one in chosen))
        try:
            self._session.expunge([one.place.uid for one in chosen])
        except Exception as error:
            details = {"account": self._account, "folder": folder.name, "why": str(error)}
            failed = Act(ACTOR, "purge_failed", f"account:{self._account}", details)
            audit.note(self._ctx.store, at, failed)
            raise
        size = sum(there[one.place.uid].size for one in chosen)
        purging.count(self._ctx.store, self._account, len(chosen), size)

    def _act(self, folder: Folder, one: _Kept) -> Act:
        details = {
            "account": self._account,
            "folder": folder.name,
            "uidvalidity": folder.validity,
            "uid": one.place.uid,
            "sha256": one.sha256,
            "code": one.message.code,
        }
        return Act(ACTOR, "purge", f"message:{one.message.id}", details)

    def _forget(self, found: Iterable[_Kept]) -> None:
        by_message: defaultdict[str, list[str]] = defaultdict(list)
        for one in found:
            by_message[one.message.id].append(imap_receipts.place_field(one.place))
        for message_id, fields in by_message.items():
            self._ctx.store.client.hdel(self._ctx.store.keys.places(message_id), *fields)


def _message_id(value: object) -> str:
    return str(value or "").strip()
