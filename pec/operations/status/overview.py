"""The overview that `pec status` and the metrics show, as values. `load_overview` reads it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pec.messages import Reason
from pec.names import Queue, State
from pec.operations.status.findings import Finding
from pec.store import heartbeat
from pec.store.batches import PausedBatch
from pec.store.imap_state import ImapState
from pec.store.outbox import EndpointState as EndpointState  # for pages
from pec.store.pacing import LEAD_SECONDS, Usage
from pec.store.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An account, and what waits in it. `oldest_at`: since when its oldest message could have been sent."""

    account: str
    token: str | None = None
    waiting: int = 0
    oldest_at: datetime | None = None
    paused: Reason | None = None
    served: bool = True
    room: Room = field(default_factory=Room)
    room_of_each: int = 0  # bytes that the receipts of a waiting message may take, on average; 0: unknown
    unreadable: Reason | None = None  # why its mailbox could not be read when that last happened
    unreadable_at: datetime | None = None
    imap: ImapState = field(default_factory=ImapState)
    out_of_turn: bool = False  # messages wait, it is not paused, and yet none will be picked

    @property
    def goes(self) -> bool:
        """Return whether its messages are sent."""
        return self.paused is None and self.served and not self.waits_for_room

    @property
    def waits_for_room(self) -> bool:
        """Return whether the receipts of its next message may find no room in the mailbox."""
        return self.room.waits_since is not None

    @property
    def messages_left(self) -> int | None:
        """Return how many messages like those that wait have room in the mailbox, or None if that is not known."""
        left = self.room.left
        return left // self.room_of_each if left is not None and self.room_of_each else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The pace and caps of a token (None is no cap), and what waits for it in lanes that go."""

    digest: str
    accounts: tuple[str, ...]
    interval_seconds: float
    in_flight: int = 1
    waiting: int = 0
    sends_last_minute: int = 0
    sends_lately: int = 0  # in the last whole minute, and since
    usage: Usage = field(default_factory=lambda: Usage(0, 0))
    daily_cap: int | None = None
    monthly_cap: int | None = None
    on_hold_until: datetime | None = None
    post_seconds: float | None = None
    refused_often_at: datetime | None = None  # when many sends were last refused as too fast (429)
    other_namespaces: tuple[str, ...] = ()  # of this Redis, whose live workers use the token too

    @property
    def allowed_per_minute(self) -> float:
        return 60 / self.interval_seconds

    @property
    def pace_used(self) -> float:
        """Return the share of the last whole minute's slots that were used."""
        return min(1.0, self.sends_last_minute / self.allowed_per_minute)

    @property
    def left_today(self) -> int | None:
        return None if self.daily_cap is None else max(0, self.daily_cap - self.usage.today)

    @property
    def left_this_month(self) -> int | None:
        return None if self.monthly_cap is None else max(0, self.monthly_cap - self.usage.this_month)

    @property
    def backlog_seconds(self) -> float:
        """Return how long the waiting messages take at this pace, without caps."""
        return self.waiting * self.interval_seconds

    @property
    def threads_at_full_pace(self) -> int:
        """Return how many threads can be busy sending at once: pace × the time that a send holds one."""
        return threads_worth(self.interval_seconds, self.post_seconds, self.in_flight)

    @property
    def threads_worth(self) -> int:
        """Return the same, limited to the messages that wait and that caps allow."""
        left = [cap for cap in (self.left_today, self.left_this_month) if cap is not None]
        return min(self.waiting, self.threads_at_full_pace, *left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One queue: what is scheduled, what of it is due already, and since when."""

    queue: Queue
    served: bool = True
    scheduled: int = 0
    overdue: int = 0
    overdue_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A live worker process."""

    id: str
    host: str = ""
    pid: int = 0
    threads: int = 0
    queues: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    started_at: str = ""
    archive: str = ""  # "" without one, `reached`, or why it is away
    api_lost: Reason | None = None  # why it does not reach the API; None if it does
    api_lost_since: datetime | None = None

    @property
    def misses_archive(self) -> bool:
        return self.archive not in ("", heartbeat.REACHED)


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of Redis in bytes. `limit`: maxmemory; 0 is none."""

    used: int
    limit: int

    @property
    def share(self) -> float | None:
        return self.used / self.limit if self.limit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything at a glance. Ages count up to `now`, which is Redis's clock."""

    now: datetime
    messages: Mapping[State, int]
    oldest_in_state: Mapping[State, datetime]  # of states before the end
    jobs: int = 0
    oldest_job_at: datetime | None = None
    streams: Mapping[str, int]  # entries of `rejected`, `events`, `dead`
    lanes: Mapping[str, Lane]
    paused_batches: Sequence[PausedBatch] = ()
    tokens: Mapping[str, Token]
    work: Mapping[Queue, Work]
    workers: Sequence[Worker] = ()
    reconciling_since: datetime | None = None  # the oldest restore instant of live workers
    endpoints: Sequence[EndpointState] = ()
    api_failures: int = 0
    unsupported: int = 0  # messages of a newer version that workers met within an hour
    probe_at: datetime | None = None
    memory: Memory | None = None  # None: the server does not say
    lost_at: datetime | None = None  # when a worker found that Redis had come back empty
    failover: tuple[datetime, datetime] | None = (
        None  # since when a failover lost writes, and when that was noted
    )
    broker: Finding | None = None  # why Dramatiq's database can't be used

    @property
    def threads(self) -> int:
        return sum(worker.threads for worker in self.workers)

    @property
    def circuit_open(self) -> bool:
        return self.probe_at is not None

    @property
    def unserved_queues(self) -> list[Queue]:
        return [work.queue for work in self.work.values() if not work.served]


def threads_worth(interval_seconds: float, post_seconds: float | None, in_flight: int) -> int:
    """Return how many threads can be busy sending for one token, or `in_flight` if no send was timed yet."""
    if post_seconds is None:
        return in_flight
    return min(in_flight, math.ceil((LEAD_SECONDS + post_seconds) / interval_seconds))
