"""The audit stream: acts that can't be undone, one entry each, written before the act."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.client import Pipeline

from pec.store import replication
from pec.store.store import Store, text_dict

MAX_ENTRIES = 1_000_000


@dataclass(frozen=True, slots=True)
class Act:
    """An act on something, named by its kind and its name: `message:a1`."""

    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


def note(store: Store, at: str, *acts: Act) -> None:
    """Note acts that were done, or tried."""
    with _written(store, at, acts) as pipeline:
        pipeline.execute()


def note_first(store: Store, at: str, *acts: Act) -> None:
    """Note acts that follow, and wait for the replicas that a claim waits for: they have all that was written before.

    Raise TooFewReplicas: a failover could lose why the act was right, so it must not be done.
    """
    with _written(store, at, acts) as pipeline:
        replication.execute(store, pipeline, replication.CLAIM_MILLISECONDS)


def _written(store: Store, at: str, acts: Sequence[Act]) -> Pipeline:
    pipeline = store.client.pipeline(transaction=False)
    for act in acts:
        entry = {
            "at": at,
            "actor": act.actor,
            "action": act.action,
            "object": act.subject,
            "details": json.dumps(act.details, ensure_ascii=False),
        }
        pipeline.xadd(store.keys.audit, entry, maxlen=MAX_ENTRIES, approximate=True)  # type: ignore[arg-type]
    return pipeline


def entries(store: Store, count: int = 1000) -> list[dict[str, str]]:
    """Return the newest entries, oldest first."""
    found = store.client.xrevrange(store.keys.audit, count=count)
    return [text_dict(fields) for _, fields in reversed(found)]  # type: ignore[arg-type]
