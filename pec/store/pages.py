"""Pages of messages by cursor: newest first over all states, or those of a batch in the order of intake.

Each page looks at a bounded number of records, so a page can be short, or even empty, and others still follow.
"""

import base64
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pec.names import State
from pec.store.store import Store, text

MAX_LOOKED_AT = 1000
_CHUNK = 500

Place = tuple[float, str]  # of a message in its list: score and id
Fits = Callable[[str, str], bool]  # of an account and a state


@dataclass(frozen=True, slots=True)
class Page:
    """Ids of messages. `next` is the cursor of the following page, or None at the end."""

    ids: list[str]
    next: str | None


class NoCursor(ValueError):
    """The text is no cursor."""


def newest(store: Store, states: Collection[State], fits: Fits, limit: int, after: str | None) -> Page:
    """Return a page of the messages in these states (none: in any), those that changed last first. Raise NoCursor."""
    place = _place(after)
    indexes = [store.keys.state(one) for one in states or State]
    ties = _ties(store, indexes, place) if place else [0] * len(indexes)
    with store.client.pipeline(transaction=False) as pipeline:
        for index, tied in zip(indexes, ties, strict=True):
            start = place[0] if place else "+inf"
            pipeline.zrevrangebyscore(index, start, "-inf", 0, MAX_LOOKED_AT + tied, withscores=True)
        found = [(float(score), text(one)) for pairs in pipeline.execute() for one, score in pairs]
    rows = sorted((row for row in found if not place or row < place), reverse=True)
    return _page(store, rows[:MAX_LOOKED_AT], fits, limit)


def of_batch(store: Store, batch: str, fits: Fits, limit: int, after: str | None) -> Page:
    """Return a page of the messages of a batch, in the order of intake. Raise NoCursor."""
    place = _place(after)
    start = f"({place[0]!r}" if place else "-inf"
    pairs: Any = store.client.zrangebyscore(
        store.keys.members(batch), start, "+inf", 0, MAX_LOOKED_AT, withscores=True
    )
    return _page(store, [(float(score), text(one)) for one, score in pairs], fits, limit)


def _ties(store: Store, indexes: Sequence[str], place: Place) -> list[int]:
    """Return how many messages of each list share the cursor's score: some of them were on pages before."""
    with store.client.pipeline(transaction=False) as pipeline:
        for index in indexes:
            pipeline.zcount(index, place[0], place[0])
        return [int(count) for count in pipeline.execute()]


def _page(store: Store, rows: Sequence[Place], fits: Fits, limit: int) -> Page:
    ids: list[str] = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        with store.client.pipeline(transaction=False) as pipeline:
            for _, message_id in chunk:
                pipeline.hmget(store.keys.message(message_id), ["account", "state"])
            replies = pipeline.execute()
        for row, (account, state) in zip(chunk, replies, strict=True):
            if account is not None and state is not None and fits(text(account), text(state)):
                ids.append(row[1])
                if len(ids) == limit:
                    return Page(ids, None if row == rows[-1] and _is_end(rows) else _cursor(row))
    return Page(ids, None if _is_end(rows) else _cursor(rows[-1]))


def _is_end(rows: Sequence[Place]) -> bool:
    return len(rows) < MAX_LOOKED_AT


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        score, message_id = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        place = float(score), str(message_id)
    except (ValueError, TypeError, RecursionError):
        raise NoCursor from None
    if place[0] != place[0] or place[0] in (float("inf"), float("-inf")):
        raise NoCursor
    return place
