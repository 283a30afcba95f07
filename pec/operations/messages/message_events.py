"""The events about one message, and how far each came to each endpoint."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pec.instants import from_epoch
from pec.messages import Message
from pec.store import dead_letters, delivery_history
from pec.store.delivery_history import Tried
from pec.store.outbox import EndpointPosition, positions_of
from pec.store.store import Store, text, text_dict
from pec.timeline import Happened

_BEFORE_MS, _AFTER_MS = 3_000, 15_000  # a worker's clock, and a commit that came late
_MAX_ENTRIES = 400  # of the stream, about each instant
_MAX_WINDOWS = 20
_MAX_LETTERS = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far an event came to an endpoint. `state`: to_come, waits, dead, or passed (delivered, or not wanted)."""

    endpoint: str
    state: str
    tries: int = 0
    next_at: datetime | None = None
    why: str = ""
    latest: Tried | None = None  # if it is kept


@dataclass(frozen=True, slots=True)
class Published:
    """One event. `body` is its JSON."""

    id: str
    type: str
    at: datetime
    body: str
    arrivals: Sequence[Arrival]


def load_events(
    store: Store, message: Message, happened: Iterable[Happened], endpoints: Sequence[str]
) -> list[Published]:
    """Return the events about a message that the stream still holds, oldest first.

    The stream has no index: it is read around the times at which the message changed.
    """
    times = [one.at for one in happened if one.at and isinstance(one.what, str)]
    times += [at for at in (message.ended_at, message.updated_at, message.exported_at) if at]
    found = dict(_around(store, message.id, times))
    places = positions_of(store, endpoints, list(found))
    tries = delivery_history.of_events(store, endpoints, {fields["id"] for fields in found.values()})
    letters = {
        (letter.endpoint, letter.event_id): letter
        for letter in dead_letters.newest(store, None, _MAX_LETTERS)
    }
    return [
        Published(
            id=fields["id"],
            type=fields["type"],
            at=from_epoch(int(entry.partition("-")[0]) / 1000),
            body=fields["event"],
            arrivals=[
                _arrival(
                    name,
                    places[name, entry],
                    letters.get((name, fields["id"])),
                    tries.get((name, fields["id"]), ()),
                )
                for name in endpoints
            ],
        )
        for entry, fields in sorted(found.items(), key=lambda pair: _order(pair[0]))
    ]


def _arrival(
    name: str, place: EndpointPosition, letter: dead_letters.DeadLetter | None, tries: Sequence[Tried]
) -> Arrival:
    latest = tries[-1] if tries else None
    if letter and not letter.replayed:
        return Arrival(name, "dead", letter.tries, None, letter.why, latest)
    if place.due_at is not None:
        return Arrival(name, "waits", place.tries, from_epoch(place.due_at), latest=latest)
    return Arrival(name, "passed" if place.passed else "to_come", latest=latest)


def _around(store: Store, message_id: str, times: Iterable[datetime]) -> Iterator[tuple[str, dict[str, str]]]:
    with store.client.pipeline(transaction=False) as pipeline:
        for first, last in _windows(times):
            pipeline.xrange(store.keys.events, first, last, count=_MAX_ENTRIES)
        pages: Any = pipeline.execute()
    for page in pages:
        for entry, stored in page:
            fields = text_dict(stored)
            if _is_about(message_id, fields.get("event", "")):
                yield text(entry), fields


def _windows(times: Iterable[datetime]) -> list[tuple[int, int]]:
    """Return stretches of the stream, in milliseconds, joined where they meet."""
    found: list[tuple[int, int]] = []
    for at in sorted({int(one.timestamp() * 1000) for one in times}):
        first, last = at - _BEFORE_MS, at + _AFTER_MS
        if found and first <= found[-1][1]:
            first = found.pop()[0]
        found.append((max(0, first), last))
    return found[-_MAX_WINDOWS:]


def _is_about(message_id: str, event: str) -> bool:
    if f'"{message_id}"' not in event:
        return False
    try:
        return bool(json.loads(event)["data"].get("id") == message_id)
    except (ValueError, KeyError, AttributeError):
        return False


def _order(entry: str) -> tuple[int, int]:
    at, number = entry.split("-")
    return int(at), int(number)
