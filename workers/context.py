"""What the tasks of a worker process share: settings, the store, the API client. Made once, in `workers.app`."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pydantic import SecretStr

from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.instants import from_epoch, from_text
from pec.names import Queue
from pec.store import pacing
from pec.store.clock import RedisClock, local_clock
from pec.store.store import Store

OTHERS_SECONDS = 2.0
MAX_CLOCK_SYNCS = 5
MAX_MISSED_BEATS = 120  # vouchings, which are 5 s apart


class NotServed(Exception):
    """This process has no settings for the account; another may."""


@dataclass(slots=True)
class RestoreWatch:
    """The instant of the back-up that is in place, as any live worker's settings say; None: nobody says so."""

    since: datetime | None = None
    missed_beats: int = 0  # times in a row that nobody said so


@dataclass(frozen=True)
class WorkerContext:
    """Shared by all threads."""

    settings: Settings
    store: Store
    client: PecClient
    clock: RedisClock = field(default_factory=RedisClock)
    chance: Callable[[], float] = random.random
    restore: RestoreWatch = field(default_factory=RestoreWatch)
    busy_until: dict[str, float] = field(
        default_factory=dict
    )  # by account: see `workers.mailbox.scan_policy`

    def now(self) -> datetime:
        """On Redis's clock, which all workers share; to the millisecond, as records keep it."""
        return from_epoch(int(self.clock.now() * 1000) / 1000)

    def sync_clock(self) -> None:
        """Asks Redis for its time."""
        asked_at = local_clock()
        self.clock.observe(self.store.now(), asked_at, local_clock())

    def sync_clock_within(self, error_seconds: float) -> None:
        """Asks for Redis's time again, a few times, where replies that took long have left it less sure."""
        for _ in range(MAX_CLOCK_SYNCS):
            if self.clock.error_seconds() <= error_seconds:
                return
            self.sync_clock()

    def update_restore(self, reported: Collection[str]) -> None:
        """So that a worker that was not told of a restore sends nothing again beside those that were.

        It remembers for ten minutes: those that were told may have died, or come back later when Redis was away.
        """
        self.restore.missed_beats = 0 if reported else self.restore.missed_beats + 1
        if reported or self.restore.missed_beats >= MAX_MISSED_BEATS:
            self.restore.since = min(map(from_text, reported), default=None)

    @property
    def reconcile_since(self) -> datetime | None:
        """What was sent since then may be unknown to Redis. None: Redis was not restored."""
        return self.settings.reconcile_since or self.restore.since

    def defer_to_others(self, queue: Queue, member: str) -> None:
        """What this process has no settings for: due again soon, when another may take it."""
        self.store.set_due(queue, member, self.now().timestamp() + OTHERS_SECONDS)

    def mailbox(self, account: str) -> Mailbox:
        """Raises NotServed."""
        if account not in self.settings.accounts:
            raise NotServed(account)
        known = self.settings.accounts[account]
        token = SecretStr(self.settings.token_of(account))
        return Mailbox(known.sender, known.username, known.password, token)

    def token(self, account: str) -> str:
        """The digest of the account's token. Raises NotServed."""
        return pacing.digest(self.mailbox(account).token.get_secret_value())

    def accounts_by_token(self) -> dict[str, list[str]]:
        """The accounts that this process can send from, by the digest of their token."""
        return self._by_token

    @cached_property
    def _by_token(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for account in self.settings.accounts:
            found.setdefault(self.token(account), []).append(account)
        return found
