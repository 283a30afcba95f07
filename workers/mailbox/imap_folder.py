"""Reading one folder by IMAP: its new mails in the order in which they came, and a cursor that follows.

Mails are listed in windows, so that the size of a mailbox does not matter. Chosen header fields show what to fetch,
and decide nothing else. A cursor moves only past mails that were taken, so that an interrupted reading goes on there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser

import structlog

from archive.chain import PROVIDER_MAILBOX
from pec.imap.session import MAX_WINDOW, PART_BYTES, Folder, Session, Summary
from pec.imap.stream import MAX_LITERAL_BYTES
from pec.store.imap_receipts import Place
from pec.store.imap_state import Cursor

SUMMARIES = 200  # mails whose headers are asked for in one command
BATCH_MAILS, BATCH_BYTES = 50, PART_BYTES  # fetched in one command; a larger mail comes alone, in parts
DAY_MARGIN = timedelta(days=2)  # a server's days begin in a zone of its own
_HEADERS = BytesHeaderParser()
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail that was found and not fetched. `read` fetches it, while its folder is being read; None: it is gone."""

    place: Place
    summary: Summary
    read: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class Reader:
    """The calls that take what a folder holds. `go_on` raises an error if this reading must end.

    `keep` is called in the middle of a large mail. `one_by_one`: each mail alone, to find the one that can't be had.
    """

    receipts: Callable[[Sequence[tuple[FoundMail, bytes]]], None]
    others: Callable[[FoundMail], None]
    moved: Callable[[str, Cursor], None]
    go_on: Callable[[], None]
    keep: Callable[[], None]
    one_by_one: bool = False


def read_folder(session: Session, name: str, cursor: Cursor | None, since: datetime, reader: Reader) -> None:
    """Read what is behind the cursor. Without one, or if UIDs have changed their meaning, read what came since then.

    Raise FolderMissing, ImapUnavailable, and what the reader raises.
    """
    folder = session.examine(name)
    after = cursor.uid if cursor and cursor.validity == folder.validity else None
    if after is None:
        after = _before(session, folder, since, reader.go_on)
        log.info(
            "folder_read_anew", folder=name, uid=after, validity=folder.validity, known=cursor is not None
        )
        reader.moved(name, Cursor(folder.validity, after))
    for uids, last in _windows(session, folder, after, reader.go_on):
        size = 1 if reader.one_by_one else SUMMARIES
        for start in range(0, len(uids), size):
            chunk = uids[start : start + size]
            if reader.one_by_one:  # so that the mail right behind the cursor is the one that can't be had
                reader.moved(name, Cursor(folder.validity, chunk[0] - 1))
            _take(session, folder, chunk, reader)
            reader.moved(name, Cursor(folder.validity, chunk[-1]))
        if last > after:
            reader.moved(name, Cursor(folder.validity, last))


def fetch(session: Session, uid: int, size: int, keep: Callable[[], None]) -> bytes | None:
    """Return a whole mail, or None if it is gone. A large one comes in parts, and `keep` is called between them."""
    if size <= BATCH_BYTES:
        return session.mails([uid], size).get(uid)
    parts = []
    for part in session.parts(uid):
        parts.append(part)
        keep()
    return b"".join(parts) or None


def _before(session: Session, folder: Folder, since: datetime, go_on: Callable[[], None]) -> int:
    """Return the UID before the first mail that came since then."""
    day, last = (since - DAY_MARGIN).date(), 0
    for first, end in _bounds(session, folder, 0, go_on):
        if found := session.uids(first, end, day):
            return found[0] - 1
        last = end
    return last


def _windows(
    session: Session, folder: Folder, after: int, go_on: Callable[[], None]
) -> Iterator[tuple[list[int], int]]:
    """Yield the UIDs of each window, and its last UID."""
    for first, last in _bounds(session, folder, after, go_on):
        yield session.uids(first, last), last


def _bounds(
    session: Session, folder: Folder, after: int, go_on: Callable[[], None]
) -> Iterator[tuple[int, int]]:
    """Yield the first and the last UID of windows with few enough mails for one answer, up to the newest mail."""
    newest = folder.next_uid - 1 if folder.next_uid else (session.uid_at(folder.count) or after)
    while after < newest:
        go_on()
        last = newest
        if folder.count > MAX_WINDOW and newest - after > MAX_WINDOW:
            position = _first_behind(session, folder.count, after) + MAX_WINDOW // 2
            last = min(newest, max(session.uid_at(position) or newest, after + 1))
        yield after + 1, last
        after = last


def _first_behind(session: Session, count: int, uid: int) -> int:
    """Return the position of the first mail whose UID is greater."""
    low, high = 1, count + 1
    while low < high:
        middle = (low + high) // 2
        found = session.uid_at(middle)
        if found is None or found > uid:
            high = middle
        else:
            low = middle + 1
    return low


def _take(session: Session, folder: Folder, uids: Sequence[int], reader: Reader) -> None:
    """Take receipts before other mails, which can be replies to messages that only a receipt makes known."""
    reader.go_on()
    candidates: list[Summary] = []
    others: list[Summary] = []
    for summary in session.summaries(uids):
        (candidates if _may_be_receipt(summary) else others).append(summary)
    for batch in _batches(candidates):
        reader.keep()
        if mails := _fetched(session, folder, batch, reader.keep):
            reader.receipts(mails)
    for summary in others:
        reader.keep()
        reader.others(_found(session, folder, summary, reader.keep))


def _fetched(
    session: Session, folder: Folder, batch: Sequence[Summary], keep: Callable[[], None]
) -> list[tuple[FoundMail, bytes]]:
    if len(batch) > 1:
        found = session.mails([one.uid for one in batch], sum(one.size for one in batch))
    elif batch[0].size > MAX_LITERAL_BYTES:
        log.error("mail_too_large", folder=folder.name, uid=batch[0].uid, size=batch[0].size)
        return []
    else:
        raw = fetch(session, batch[0].uid, batch[0].size, keep)
        found = {batch[0].uid: raw} if raw else {}
    return [(_found(session, folder, one, keep), found[one.uid]) for one in batch if one.uid in found]


def fetch_all(
    session: Session, folder: Folder, uids: Sequence[int], keep: Callable[[], None]
) -> Iterator[list[tuple[FoundMail, bytes]]]:
    """Yield the mails of these UIDs that are still there, a batch at a time."""
    for start in range(0, len(uids), SUMMARIES):
        for batch in _batches(session.summaries(uids[start : start + SUMMARIES])):
            keep()
            yield _fetched(session, folder, batch, keep)


def _batches(summaries: Sequence[Summary]) -> Iterator[list[Summary]]:
    batch: list[Summary] = []
    for one in summaries:
        if batch and (len(batch) >= BATCH_MAILS or sum(mail.size for mail in batch) + one.size > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _found(session: Session, folder: Folder, summary: Summary, keep: Callable[[], None]) -> FoundMail:
    place = Place(folder.name, folder.validity, summary.uid)
    return FoundMail(place, summary, lambda: fetch(session, summary.uid, summary.size, keep))


def _may_be_receipt(summary: Summary) -> bool:
    """Return whether the mail is worth fetching: a filter may have taken the field away that receipts have."""
    fields = _HEADERS.parsebytes(summary.headers)
    if "X-Ricevuta" in fields:
        return True
    return "X-Trasporto" not in fields and PROVIDER_MAILBOX in str(fields.get("From", "")).lower()
