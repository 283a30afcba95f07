"""The latest tries of deliveries, by endpoint: for operators, bounded in number and in time.

`deliver.lua` adds them in the step that stores their results, so that they cost no round trip. Failures have a list of
their own: many successes do not push the few failures out.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from pec.instants import from_epoch
from pec.store.store import Store, text_list
from pec.webhooks.answers import Answer
from pec.webhooks.failures import stored_why
from pec.webhooks.outcomes import Delivered, Failed, Outcome

MAX_KEPT = 500  # of each list
KEPT_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Tried:
    """One try of a delivery. `outcome`: delivered, retry, dead, gone or test; `tries` counts this one."""

    endpoint: str
    at: datetime
    event_id: str
    type: str
    outcome: str
    tries: int
    answer: Answer
    why: str = ""  # it failed

    @property
    def is_delivered(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Note:
    """A try before it is stored, with all that is kept of it."""

    at: float  # epoch seconds
    event_id: str
    type: str
    outcome: Outcome
    tries: int
    step: str = ""  # what followed: retry, dead; or `test`

    def to_json(self) -> str:
        """Return the note as Redis keeps it."""
        answer = self.outcome.answer or Answer(0.0)
        stated: dict[str, Any] = {
            "at": round(self.at, 3),
            "id": self.event_id,
            "type": self.type,
            "step": self.step or ("delivered" if isinstance(self.outcome, Delivered) else "gone"),
            "tries": self.tries,
            "ms": round(answer.seconds * 1000),
            "status": answer.status,
            "said": answer.text,
        }
        if isinstance(self.outcome, Failed):
            stated |= {
                "why": str(self.outcome.why),
                "code": self.outcome.code,
                "details": dict(self.outcome.details),
            }
        elif not isinstance(self.outcome, Delivered):
            stated |= {"why": "answered 410", "code": "status", "details": {"status": 410}}
        return to_json({name: value for name, value in stated.items() if value not in (None, "")}).decode()


def add(store: Store, endpoint: str, note: Note) -> None:
    """Add a try that no worker made."""
    key = _key(store, endpoint, failed=not isinstance(note.outcome, Delivered))
    with store.client.pipeline() as pipeline:
        pipeline.lpush(key, note.to_json())
        pipeline.ltrim(key, 0, MAX_KEPT - 1)
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.execute()


def newest(store: Store, endpoint: str, limit: int, *, failed_only: bool = False) -> list[Tried]:
    """Return the latest tries at an endpoint, newest first."""
    with store.client.pipeline(transaction=False) as pipeline:
        for failed in (True,) if failed_only else (True, False):
            pipeline.lrange(_key(store, endpoint, failed=failed), 0, limit - 1)
        found = [_tried(endpoint, one) for stored in pipeline.execute() for one in text_list(stored)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def of_events(
    store: Store, endpoints: Sequence[str], event_ids: Collection[str]
) -> dict[tuple[str, str], list[Tried]]:
    """Return the tries that are kept of these events, by endpoint and event, the first one first."""
    with store.client.pipeline(transaction=False) as pipeline:
        for endpoint in endpoints:
            for failed in (True, False):
                pipeline.lrange(_key(store, endpoint, failed=failed), 0, -1)
        replies = [text_list(reply) for reply in pipeline.execute()]
    found: dict[tuple[str, str], list[Tried]] = {}
    for at, endpoint in enumerate(endpoints):
        for stored in (*replies[2 * at], *replies[2 * at + 1]):
            if any(one in stored for one in event_ids):
                tried = _tried(endpoint, stored)
                found.setdefault((endpoint, tried.event_id), []).append(tried)
    return {place: sorted(tries, key=lambda one: one.at) for place, tries in found.items()}


def _key(store: Store, endpoint: str, *, failed: bool) -> str:
    return store.keys.failed_tries(endpoint) if failed else store.keys.good_tries(endpoint)


def _tried(endpoint: str, stored: str) -> Tried:
    found: Mapping[str, Any] = json.loads(stored)
    return Tried(
        endpoint=endpoint,
        at=from_epoch(found["at"]),
        event_id=found["id"],
        type=found["type"],
        outcome=found["step"],
        tries=found["tries"],
        answer=Answer(found.get("ms", 0) / 1000, found.get("status"), found.get("said", "")),
        why=_why(found),
    )


def _why(found: Mapping[str, Any]) -> str:
    if "why" not in found:
        return ""
    return stored_why({**found, "details": json.dumps(found.get("details", {}))})
