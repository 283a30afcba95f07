"""The context of a worker process: settings, store, API client, clock, and patience while Redis is away."""

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import redis
import structlog
from pydantic import SecretStr

from archive.vault import Vault
from config.redis_refusals import logged
from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.imap.pool import SessionPool
from pec.imap.server import Server
from pec.instants import from_epoch, from_text
from pec.names import Queue
from pec.store import pacing
from pec.store.clock import RedisClock, local_clock
from pec.store.store import Store
from workers.api_reach import ApiReach
from workers.archived_receipts import ArchivedReceipts
from workers.margin import Margin
from workers.spans import NoSpans, Spans

if TYPE_CHECKING:
    from archive.chain import Profile

OTHERS_SECONDS = 2.0
TURN_SECONDS = 0.1  # so long before its turn a worker that looked passes it over: clocks are not exact
IMAP_SILENT = timedelta(seconds=60)  # since a mailbox was read to its end; then the API is asked instead
MAX_CLOCK_SYNCS = 5
MAX_MISSED_BEATS = 120  # heartbeats, which are 5 s apart
GIVE_UP_SECONDS = 120.0  # then the scheduled look-up finds the message in the mailbox
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.1, 2.0
log = structlog.get_logger()


def retry_until_stored(store: Callable[[], None], give_up_seconds: float = GIVE_UP_SECONDS) -> None:
    """Call `store` until Redis takes it: what was done on the wire must be written down.

    Raise Redis's last error after `give_up_seconds`.
    """
    started, wait = time.monotonic(), FIRST_RETRY_SECONDS
    while True:
        try:
            return store()
        except redis.RedisError as error:
            if time.monotonic() - started > give_up_seconds:
                raise
            log.warning("redis_unavailable", **logged(error))
        time.sleep(wait)
        wait = min(wait * 2, MAX_RETRY_SECONDS)


class NotServed(Exception):
    """This process has no settings for the account; another may."""


class RestoreWatch:
    """The instant of the backup that was restored, as the heartbeats of live workers report it.

    A worker that was started without `--reconcile` adopts it, so that it does not send blindly.
    """

    def __init__(self) -> None:
        self.since: datetime | None = None  # None: no worker reports a restore
        self.missed_beats = 0

    def update(self, reported: Collection[str]) -> None:
        """Adopt the earliest instant that is reported now, or keep the last one for ten minutes if none is.

        The workers that reported it may have died, or return later because Redis was away.
        """
        self.missed_beats = 0 if reported else self.missed_beats + 1
        if reported or self.missed_beats >= MAX_MISSED_BEATS:
            self.since = min(map(from_text, reported), default=None)


@dataclass
class Alike:
    """How many live workers do the same work, this one included, as the last heartbeat found. Four at most.

    They take turns at what one of them must look at now and then.
    """

    count: int = 1
    place: int = 0  # of this one

    def seconds_to_turn(self, now: float, every_seconds: float) -> float:
        """Return the seconds until this worker's next turn, if one of them has its turn at such intervals."""
        cycle = every_seconds * self.count
        left = (every_seconds * self.place - now) % cycle if cycle else 0.0
        return left if left > TURN_SECONDS else left + cycle


class BusyMailboxes:
    """The mailboxes that were found worth reading by their pages, and how long to take them for that."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def add(self, account: str, until: datetime) -> None:
        self._until[account] = until

    def remove(self, account: str) -> None:
        self._until.pop(account, None)

    def is_busy(self, account: str, now: datetime) -> bool:
        until = self._until.get(account)
        return until is not None and now <= until


class ImapWatch:
    """When each mailbox was last read by IMAP, as this process knows it: heartbeats and readings update it."""

    def __init__(self) -> None:
        self._read_at: dict[str, datetime] = {}
        self._looked_at: dict[str, float] = {}

    def update(self, account: str, read_at: datetime | None) -> None:
        if read_at is None:
            self._read_at.pop(account, None)
        else:
            self._read_at[account] = read_at

    def is_fresh(self, account: str, now: datetime) -> bool:
        """Return whether IMAP shows what comes into the mailbox, so that the API need not be asked."""
        read_at = self._read_at.get(account)
        return read_at is not None and now - read_at <= IMAP_SILENT

    def is_time(self, account: str, now: float, every_seconds: float) -> bool:
        """Return whether so many seconds passed since the last time that this was true for the mailbox."""
        if now - self._looked_at.get(account, 0.0) < every_seconds:
            return False
        self._looked_at[account] = now
        return True


@dataclass(frozen=True)
class WorkerContext:
    """The parts that all tasks and threads of a process share. Made once, in `workers.build`."""

    settings: Settings
    store: Store
    client: PecClient
    vault: Vault | None = None  # None: there is no archive
    clock: RedisClock = field(default_factory=RedisClock)
    margin: Margin = field(default_factory=Margin)
    chance: Callable[[], float] = random.random
    restore: RestoreWatch = field(default_factory=RestoreWatch)
    alike: Alike = field(default_factory=Alike)
    busy_mailboxes: BusyMailboxes = field(default_factory=BusyMailboxes)
    archived: ArchivedReceipts = field(default_factory=ArchivedReceipts)
    imap_watch: ImapWatch = field(default_factory=ImapWatch)
    imap_sessions: SessionPool = field(default_factory=SessionPool)
    api_reach: ApiReach = field(default_factory=ApiReach)
    spans: Spans = field(default_factory=NoSpans)
    became_due: Event = field(default_factory=Event)  # set by what made tasks due: wakes the scheduler

    def now(self) -> datetime:
        """Return the time on Redis's clock, which all workers share, to the millisecond, as records keep it."""
        return from_epoch(int(self.clock.now() * 1000) / 1000)

    def sync_clock(self) -> None:
        """Ask Redis for its time."""
        asked_at = local_clock()
        self.clock.observe(self.store.now(), asked_at, local_clock())

    def sync_clock_within(self, error_seconds: float) -> None:
        """Ask for Redis's time again, a few times, while slow replies leave the clock less exact than this."""
        for _ in range(MAX_CLOCK_SYNCS):
            if self.clock.error_seconds() <= error_seconds:
                return
            self.sync_clock()

    @property
    def reconcile_since(self) -> datetime | None:
        """Return the instant since which sends may be unknown to Redis, or None if Redis was not restored."""
        return self.settings.reconcile_since or self.restore.since

    def defer_to_others(self, queue: Queue, member: str) -> None:
        """Make a task due again soon: this process has no settings for it, another may."""
        self.store.set_due(queue, member, self.now().timestamp() + OTHERS_SECONDS)

    def mailbox(self, account: str) -> Mailbox:
        """Return the account's credentials. Raise NotServed if this process has none."""
        if account not in self.settings.accounts:
            raise NotServed(account)
        known = self.settings.accounts[account]
        token = SecretStr(self.settings.token_of(account))
        return Mailbox(known.sender, known.username, known.password, token)

    def imap_server(self, account: str) -> Server | None:
        """Return the server that this process reads the mailbox from, or None if it has no settings for it."""
        known = self.settings.accounts.get(account)
        return Server.of(known) if known and known.imap.host and self.vault else None

    @property
    def imap_accounts(self) -> list[str]:
        """Return the accounts whose mailbox this process reads by IMAP."""
        return [name for name in self.settings.accounts if self.imap_server(name)]

    @cached_property
    def profiles(self) -> "list[Profile]":
        """Return the authorities that receipts are judged by. Raise AnchorsError."""
        from archive import trust  # with cryptography: 8 MB that only judging a signature needs

        anchors = self.settings.archive.anchors
        return trust.profiles(Path(anchors) if anchors else None)

    def token(self, account: str) -> str:
        """Return the digest of the account's token. Raise NotServed if this process has no settings for it."""
        return pacing.digest(self.mailbox(account).token.get_secret_value())

    def accounts_by_token(self) -> dict[str, list[str]]:
        """Return the accounts that this process can send from, by the digest of their token."""
        return self._by_token

    @cached_property
    def _by_token(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for account in self.settings.accounts:
            found.setdefault(self.token(account), []).append(account)
        return found
