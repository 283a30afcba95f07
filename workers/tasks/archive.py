"""Reading a mailbox by IMAP: what came since the last reading, and receipts that must be looked at again.

One reader at a time reads a mailbox. A refused login ends that for these credentials until an operator or new settings
allow another try, because repeats lock mailboxes. Everything else is tried again.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog

from archive.vault import EML, VaultAway
from pec.imap.credentials import digest
from pec.imap.errors import FolderMissing, ImapUnavailable, LoginRefused
from pec.imap.server import Server
from pec.imap.session import WAIT_SECONDS, Session
from pec.instants import doubling, from_epoch
from pec.messages import Reason
from pec.names import Queue
from pec.store import imap_receipts, imap_state
from pec.store.commits import OtherHistory
from pec.store.imap_receipts import Place, Revisit
from pec.store.imap_state import Cursor, ImapState
from workers.context import WorkerContext
from workers.mailbox.archived import replay
from workers.mailbox.imap_folder import BATCH_MAILS, FoundMail, Reader, fetch_all, read_folder
from workers.mailbox.imap_incoming import incoming
from workers.mailbox.imap_refusal import refuse
from workers.mailbox.originals import OriginalsTaker

EVERY_SECONDS = 20.0  # while the server reports new mail, or none is awaited
POLLED_SECONDS = 5.0  # else
SOON_SECONDS = 1.0  # until receipts whose code may be on its way are looked at again
YOUNG_SECONDS = 120.0  # a POST answers its code within this time, mostly
OLD_EVERY_SECONDS = 60.0  # between two looks at older ones
LEASE_SECONDS = 60.0  # of a reading, beyond the longest wait for the server's next byte
FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 5.0, 60.0  # after a failure
ONE_BY_ONE_AFTER = 3  # failures in a row: one mail may be the cause
SKIPPED_AFTER = 3  # more failures at the same mail, or failures at the same search
FAULTS_OF_A_MAIL = ("garbled", "refused", "hung_up")  # not: no connection, no answer in time
FAULTS_OF_A_SEARCH = (*FAULTS_OF_A_MAIL, "timeout")  # the server may have to read all mails
MAX_SEARCHES = 20  # of one reading
FIRST_READING = timedelta(days=7)  # that the first reading of a mailbox goes back, at least
log = structlog.get_logger()


class Interrupted(Exception):
    """This reading must end: another worker reads the mailbox, or the time for one reading is over."""


def read_mailbox(ctx: WorkerContext, account: str) -> None:
    """Read what came into a mailbox, and schedule the next reading."""
    server = ctx.imap_server(account)
    if server is None:
        _leave_to_others(ctx, account)
        return
    if imap_state.refusal_of(ctx.store, account, digest(server)):
        ctx.store.set_due(Queue.ARCHIVE, account, ctx.now().timestamp() + MAX_WAIT_SECONDS)
        return
    reader = secrets.token_hex(6)
    history = imap_state.begin(ctx.store, account, reader, _lease_seconds())
    if history is None:
        return
    wait = MAX_WAIT_SECONDS
    try:
        wait = _Reading(ctx, account, server, reader, history).run()
    finally:
        now = ctx.now().timestamp()
        imap_state.end(ctx.store, account, reader, now, now + wait)


def _leave_to_others(ctx: WorkerContext, account: str) -> None:
    """Another worker may have the settings of this mailbox. If none has, its heartbeat does not bring the task back."""
    if account in ctx.settings.accounts:
        ctx.store.clear_due(Queue.ARCHIVE, account)
    else:
        ctx.defer_to_others(Queue.ARCHIVE, account)


def _lease_seconds() -> float:
    return LEASE_SECONDS + WAIT_SECONDS


class _Reading:
    """One reading of one mailbox. After a failover it ends, and the next one begins at the stored cursors."""

    def __init__(self, ctx: WorkerContext, account: str, server: Server, reader: str, history: str) -> None:
        self._ctx, self._account, self._server, self._reader = ctx, account, server, reader
        self._history = history
        self._ends = time.monotonic() + ctx.settings.lease_seconds / 2
        self._renewed_at = time.monotonic()
        self._taker = OriginalsTaker(ctx, account, history)
        self._idles = True
        self._one_by_one = False

    def run(self) -> float:
        """Read all folders. Return the seconds until the next reading."""
        ctx, account = self._ctx, self._account
        started = ctx.now()
        try:
            self._replay_archive()
            with ctx.imap_sessions.session(self._server) as session:
                self._idles = session.can_idle()
                try:
                    missing = self._read(session)
                except Interrupted:
                    return 0.0
                except OtherHistory as why:
                    log.warning("reading_begun_anew", account=account, why=str(why))
                    imap_state.make_due(ctx.store, account, ctx.now().timestamp())
                    return 0.0
        except LoginRefused as refused:
            refuse(ctx, account, self._server, refused)
            return MAX_WAIT_SECONDS
        except ImapUnavailable as error:
            return self._failed(Reason(error.code, error.description))
        if missing:
            description = "the mailbox has no folder " + ", ".join(missing)
            return self._failed(Reason("folder_missing", description, {"folders": missing}))
        self._all_read(started)
        return self._wait_seconds()

    def _replay_archive(self) -> None:
        """After a restore, take the receipts that only the archive still holds. Try again later if it is away."""
        try:
            replay(self._ctx, self._account)
        except VaultAway as away:
            log.warning("archive_away", why=str(away))

    def _read(self, session: Session) -> list[str]:
        """Read every folder. Return the names of those that are missing."""
        ctx, account = self._ctx, self._account
        cursors = imap_state.cursors(ctx.store, account)
        state = imap_state.state_of(ctx.store, account)
        self._one_by_one = state.failures >= ONE_BY_ONE_AFTER
        reader = Reader(self._take, self._pass_on, self._moved, self._go_on, self._keep, self._one_by_one)
        since = self._since(state)
        missing: list[str] = []
        for folder in ctx.settings.accounts[account].imap.folders:
            try:
                read_folder(session, folder, cursors.get(folder), since, reader)
            except FolderMissing as error:
                missing.append(error.folder)
            except ImapUnavailable as error:
                self._skip_if_stuck(folder, error)
                raise
        self._look_again(session)
        self._search(session)
        return missing

    def _skip_if_stuck(self, folder: str, error: ImapUnavailable) -> None:
        """Move the cursor past a mail that ended several readings in a row: the API shows what it says."""
        cursor = imap_state.cursors(self._ctx.store, self._account).get(folder)
        if cursor and self._is_stuck_at(Place(folder, cursor.validity, cursor.uid + 1), error):
            self._moved(folder, Cursor(cursor.validity, cursor.uid + 1))

    def _is_stuck_at(self, place: Place, error: ImapUnavailable) -> bool:
        """Note that a reading ended at this mail, if one mail at a time is read. Return whether to leave it out."""
        if not self._one_by_one or error.code not in FAULTS_OF_A_MAIL:
            return False
        if not self._is_stuck(imap_receipts.place_field(place)):
            return False
        log.error("mail_skipped", account=self._account, **asdict(place), why=error.description)
        return True

    def _is_stuck(self, what: str) -> bool:
        return imap_state.count_stuck(self._ctx.store, self._account, what) >= SKIPPED_AFTER

    def _since(self, state: ImapState) -> datetime:
        """Return when mails may have come that no cursor knows: before the oldest message that awaits receipts."""
        ctx = self._ctx
        awaiting = ctx.store.keys.awaiting(self._account)
        oldest: Any = ctx.store.client.zrange(awaiting, 0, 0, withscores=True)
        sent_at = [from_epoch(float(score)) for _, score in oldest]
        known = state.read_at or ctx.now() - FIRST_READING
        return min([known, *sent_at])

    # Mails

    def _take(self, mails: Sequence[tuple[FoundMail, bytes]]) -> None:
        for other in self._taker.take(mails):
            self._pass_on(other)

    def _pass_on(self, mail: FoundMail) -> None:
        """Hand on a mail that is no receipt of ours. Whatever is wrong with it stops nothing."""
        try:
            incoming(self._ctx, self._account, mail)
        except (ImapUnavailable, Interrupted, redis.RedisError):
            raise
        except Exception:
            log.exception("mail_unreadable", folder=mail.place.folder, uid=mail.place.uid)

    def _moved(self, folder: str, cursor: Cursor) -> None:
        imap_state.set_cursor(self._ctx.store, self._account, folder, cursor, self._history)

    def _go_on(self) -> None:
        """Keep the reading, or raise Interrupted if its time is over."""
        if time.monotonic() > self._ends:
            raise Interrupted
        self._keep()

    def _keep(self) -> None:
        """Keep the reading for longer, or raise Interrupted if it is another worker's by now."""
        now = time.monotonic()
        if now - self._renewed_at < LEASE_SECONDS / 4:
            return
        if not imap_state.go_on(self._ctx.store, self._account, self._reader, _lease_seconds()):
            raise Interrupted
        self._renewed_at = now

    # Receipts to look at again

    def _look_again(self, session: Session) -> None:
        """Take receipts whose code belongs to a message by now, and those that the archive could not take."""
        ctx, account = self._ctx, self._account
        now = ctx.now().timestamp()
        oldest = 0.0 if ctx.imap_watch.is_time(account, now, OLD_EVERY_SECONDS) else now - YOUNG_SECONDS
        waiting = imap_receipts.revisits(ctx.store, account, oldest)
        self._taker.unclaimed += sum(one.seen_at > now - YOUNG_SECONDS for one in waiting)
        owned = imap_receipts.owned_codes(ctx.store, account, (one.code for one in waiting))
        ready = [one for one in waiting if one.code in owned]
        if any(one.unarchived for one in ready) and not self._archive_is_there():
            ready = [one for one in ready if not one.unarchived]
        for folder, entries in _by_folder(ready).items():
            self._take_again(session, folder, entries)

    def _take_again(self, session: Session, name: str, entries: Sequence[Revisit]) -> None:
        try:
            folder = session.examine(name)
        except FolderMissing:
            return
        size = 1 if self._one_by_one else BATCH_MAILS
        for start in range(0, len(entries), size):
            chunk = entries[start : start + size]
            known = [one.place.uid for one in chunk if one.place.validity == folder.validity]
            try:
                for batch in fetch_all(session, folder, sorted(known), self._keep):
                    self._take(batch)
            except ImapUnavailable as error:
                if self._is_stuck_at(chunk[0].place, error):
                    imap_receipts.revisited(self._ctx.store, self._account, [chunk[0].entry], self._history)
                raise
            done = {one.entry for one in chunk} - self._taker.noted
            imap_receipts.revisited(self._ctx.store, self._account, done, self._history)
            self._go_on()

    def _search(self, session: Session) -> None:
        """Take the receipts of PEC that other programs sent: they may lie before the cursor."""
        ctx, account = self._ctx, self._account
        for code in imap_receipts.sought(ctx.store, account)[:MAX_SEARCHES]:
            try:
                self._search_code(session, code)
            except ImapUnavailable as error:
                if error.code in FAULTS_OF_A_SEARCH and self._is_stuck(f"code {code}"):
                    log.error("search_skipped", account=account, code=code, why=error.description)
                    imap_receipts.found(ctx.store, account, code, self._history)
                raise
            imap_receipts.found(ctx.store, account, code, self._history)
            self._go_on()

    def _search_code(self, session: Session, code: str) -> None:
        for name in self._ctx.settings.accounts[self._account].imap.folders:
            try:
                folder = session.examine(name)
            except FolderMissing:
                continue
            for batch in fetch_all(session, folder, session.uids_with(code), self._keep):
                self._taker.take(batch)

    def _archive_is_there(self) -> bool:
        """Return whether mails can be archived now: else there is no use in fetching them again."""
        vault = self._ctx.vault
        try:
            return vault is not None and not vault.contains("0" * 64, EML)
        except VaultAway as away:
            log.warning("archive_away", why=str(away))
            return False

    # Outcomes

    def _all_read(self, started: datetime) -> None:
        ctx, account = self._ctx, self._account
        if imap_state.note_read(ctx.store, account, started.timestamp()):
            log.info("imap_back", account=account)
        ctx.imap_watch.update(account, started)

    def _failed(self, reason: Reason) -> float:
        failures = imap_state.note_error(self._ctx.store, self._account, reason)
        wait = doubling(
            FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS, failures - 1, self._ctx.chance()
        ).total_seconds()
        log.warning(
            "imap_unavailable",
            account=self._account,
            code=reason.code,
            why=reason.description,
            again_in_seconds=wait,
        )
        return wait

    def _wait_seconds(self) -> float:
        if self._taker.unclaimed:
            return SOON_SECONDS
        awaiting = self._ctx.store.keys.awaiting(self._account)
        if self._idles or not self._ctx.store.client.exists(awaiting):
            return EVERY_SECONDS
        return POLLED_SECONDS


def _by_folder(entries: Sequence[Revisit]) -> dict[str, list[Revisit]]:
    found: defaultdict[str, list[Revisit]] = defaultdict(list)
    for one in entries:
        found[one.place.folder].append(one)
    return found
