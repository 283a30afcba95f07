"""What the deeds of a worker process share: settings, the store, the API client. Made once, in `workers.app`."""

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
from pec.store import pace
from pec.store.clock import RedisClock, local_clock
from pec.store.store import Store

OTHERS_SECONDS = 2.0
TIMES_ASKED = 5
SILENCES = 120  # vouchings, which are 5 s apart


class NotServed(Exception):  # noqa: N818 - what it is
    """This process has no settings for the account; another may."""


@dataclass(slots=True)
class Restore:
    """The instant of the back-up that is in place, as any live worker's settings say; None: nobody says so."""

    since: datetime | None = None
    silences: int = 0  # times in a row that nobody said so


@dataclass(frozen=True)
class Kit:
    """Shared by all threads."""

    settings: Settings
    store: Store
    client: PecClient
    clock: RedisClock = field(default_factory=RedisClock)
    chance: Callable[[], float] = random.random
    restore: Restore = field(default_factory=Restore)
    crowded_until: dict[str, float] = field(default_factory=dict)  # by account: see `workers.crowds`

    def now(self) -> datetime:
        """On Redis's clock, which all workers share; to the millisecond, as records keep it."""
        return from_epoch(int(self.clock.now() * 1000) / 1000)

    def listen_to_clock(self) -> None:
        """Asks Redis for its time."""
        asked_at = local_clock()
        self.clock.observe(self.store.now(), asked_at, local_clock())

    def know_the_clock(self, unsure_seconds: float) -> None:
        """Asks for Redis's time again, a few times, where replies that took long have left it less sure."""
        for _ in range(TIMES_ASKED):
            if self.clock.unsure_seconds() <= unsure_seconds:
                return
            self.listen_to_clock()

    def hear_of_restore(self, told: Collection[str]) -> None:
        """So that a worker that was not told of a restore sends nothing again beside those that were.

        It remembers for ten minutes: those that were told may have died, or come back later when Redis was away.
        """
        self.restore.silences = 0 if told else self.restore.silences + 1
        if told or self.restore.silences >= SILENCES:
            self.restore.since = min(map(from_text, told), default=None)

    @property
    def reconcile_since(self) -> datetime | None:
        """What was sent since then may be unknown to Redis. None: Redis was not restored."""
        return self.settings.reconcile_since or self.restore.since

    def leave_to_others(self, queue: Queue, member: str) -> None:
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
        return pace.digest(self.mailbox(account).token.get_secret_value())

    def accounts_by_token(self) -> dict[str, list[str]]:
        """The accounts that this process can send from, by the digest of their token."""
        return self._by_token

    @cached_property
    def _by_token(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for account in self.settings.accounts:
            found.setdefault(self.token(account), []).append(account)
        return found
