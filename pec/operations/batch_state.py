"""A batch as the person who sent it follows it: counts by state, pause, time left, and whom it did not reach."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pec.attempts import OVER
from pec.instants import from_text
from pec.messages import Message
from pec.names import State
from pec.operations.messages.attempts import Replacements
from pec.operations.status.lane_forecast import turn_at
from pec.operations.status.overview import Overview
from pec.store import batches, records
from pec.store.batches import PausedBatch
from pec.store.store import Store, text_dict, text_list

_LAST = 100  # messages, one of which is the last to be sent


@dataclass(frozen=True, slots=True)
class BatchState:
    """`size` is None if no producer declared it. `last_at` is when the last message is likely sent; None: not known."""

    name: str
    counts: Mapping[State, int]
    size: int | None
    ended: int
    completed_at: datetime | None
    paused: PausedBatch | None
    last_at: datetime | None

    @property
    def taken(self) -> int:
        """Return how many of its messages workers have taken."""
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        """Return how many of its messages a cancel would still stop, jobs that no worker has taken among them."""
        return self.counts.get(State.QUEUED, 0) + max(0, (self.size or 0) - self.taken)


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How many of a batch's messages have ended, of how many that workers have taken or that are declared."""

    ended: int
    total: int
    paused: bool


def load_progress(store: Store, names: Collection[str]) -> dict[str, BatchProgress]:
    """Return the progress of those of the batches that exist, in one round trip."""
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hgetall(store.keys.batch(name))
        found = dict(zip(names, map(text_dict, pipeline.execute()), strict=True))
    return {
        name: BatchProgress(
            ended=int(stored.get("ended", 0)),
            total=max(int(stored.get("size", 0)), sum(int(stored.get(state, 0)) for state in State)),
            paused="paused" in stored,
        )
        for name, stored in found.items()
        if stored
    }


def load_batch(store: Store, found: Overview, batch: str, account: str) -> BatchState | None:
    """Return the batch, whose messages are of this account, or None if there is no such batch."""
    stored = records.batch_of(store, batch)
    if not stored:
        return None
    counts = {state: int(stored[state]) for state in State if int(stored.get(state, 0))}
    paused = batches.state_of(store, batch)
    queued = counts.get(State.QUEUED, 0)
    return BatchState(
        name=batch,
        counts=counts,
        size=int(stored["size"]) if "size" in stored else None,
        ended=int(stored.get("ended", 0)),
        completed_at=from_text(stored["completed_at"]) if stored.get("completed_at") else None,
        paused=paused,
        last_at=_last_at(store, found, batch, account) if queued and not paused else None,
    )


def is_known(store: Store, batch: str) -> bool:
    """Return whether the batch was declared, or has messages."""
    return bool(store.client.exists(store.keys.members(batch), store.keys.batch(batch)))


def not_reached(store: Store, batch: str, limit: int) -> tuple[list[Message], int]:
    """Return messages of the batch that ended without a CONSEGNA and were not sent again, and how many there are."""
    ids: list[str] = []
    with store.client.pipeline(transaction=False) as pipeline:
        for state in OVER:
            pipeline.zinter([store.keys.members(batch), store.keys.state(state)])
        for page in pipeline.execute():
            ids += text_list(page)
    if not ids:
        return [], 0
    gone = Replacements(store).in_batch(batch)
    left = [one for one in ids if one not in gone]
    found = records.read_all(store, left, on_unsupported=lambda met: None)
    return list(islice(found, limit)), len(left)


def sort_by_reason(messages: Sequence[Message]) -> list[Message]:
    """Return them by state and reason, so that the same cause stands together."""
    return sorted(messages, key=lambda one: (one.state, one.reason.description if one.reason else "", one.id))


def _last_at(store: Store, found: Overview, batch: str, account: str) -> datetime | None:
    """Return when the last of the batch's newest messages that stand in a lane is sent."""
    ids = text_list(store.client.zrange(store.keys.members(batch), -_LAST, -1))
    with store.client.pipeline(transaction=False) as pipeline:
        for message_id in ids:
            pipeline.zrank(store.keys.lane(account), message_id)
        places: list[Any] = [place for place in pipeline.execute() if place is not None]
    return turn_at(found, account, max(places)) if places else None
