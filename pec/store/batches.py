"""Batches that an operator pauses: their queued messages are parked outside the lanes until the batch is resumed.

`docs/design.md` explains it under "Paused batches".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pec.instants import from_epoch
from pec.messages import Reason
from pec.store.store import Store, text


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedBatch:
    """A batch that an operator paused. `parked`: how many of its messages wait outside the lanes."""

    name: str
    since: datetime
    reason: Reason
    parked: int = 0


RELEASE_PREFIX = "@"  # before a batch's name among the ids of due:release; no id can begin with it
_PAGE = 500  # messages that one script moves: a bound on its time

Paused = Literal["paused", "already", "unknown"]
Resumed = Literal["resumed", "already", "unknown"]


def pause(store: Store, batch: str, reason: Reason) -> Paused:
    """Hold back what the batch has not sent yet, and what of it is still to come."""
    stated = json.dumps(reason.as_dict(), ensure_ascii=False)
    outcome: Paused = text(store.run("pause_batch", batch, store.now(), stated))  # type: ignore[assignment]
    if outcome != "unknown":
        _park(store, batch)
    return outcome


def resume(store: Store, batch: str) -> Resumed:
    """Put everything back into its place in line. If this process dies, a worker goes on with it."""
    outcome: Resumed = text(store.run("resume_batch", batch))  # type: ignore[assignment]
    if outcome != "unknown":
        unpark(store, batch)
    return outcome


def unpark(store: Store, batch: str) -> None:
    """Put back the parked messages of a batch that is not paused, in pages."""
    while int(store.run("unpark_batch", batch, _PAGE)):
        pass


def state_of(store: Store, batch: str) -> PausedBatch | None:
    """Return since when and why a batch is paused and what it holds back, or None if it is not paused."""
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.zscore(store.keys.paused, batch)
        pipeline.hget(store.keys.batch(batch), "paused")
        pipeline.zcard(store.keys.parked(batch))
        since, stated, parked = pipeline.execute()
    return paused_from(batch, since, (stated, parked))


def paused_from(batch: str, since: Any, stored: Sequence[Any]) -> PausedBatch | None:
    """Return the same from replies of Redis: its score in `paused`, and the reason and how many are parked."""
    stated, parked = stored
    if stated is None or since is None:
        return None
    found = json.loads(stated)
    reason = Reason(found.get("code", ""), found.get("description", ""), found.get("details") or {})
    return PausedBatch(name=batch, since=from_epoch(float(since)), reason=reason, parked=int(parked))


def _park(store: Store, batch: str) -> None:
    seen = 0
    while page := int(store.run("park_batch", batch, seen, _PAGE)):
        seen += page
