"""Pages of messages by cursor: newest first over all states, or those of a batch in the order of intake.

Each page looks at a bounded number of records, so a page can be short, or even empty, and others still follow.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pec.names import State
from pec.store import by_account
from pec.store.cursors import Place, seal, unseal
from pec.store.store import Store, text

MAX_LOOKED_AT = 1000
_CHUNK = 500

Fits = Callable[[str, str], bool]  # of an account and a state


@dataclass(frozen=True, slots=True)
class Page:
    """Ids of messages. `next` is the cursor of the following page, or None at the end."""

    ids: list[str]
    next: str | None


def newest(
    store: Store,
    reader: str,
    states: Collection[State],
    accounts: Collection[str] | None,
    fits: Fits,
    limit: int,
    after: str | None,
) -> Page:
    """Return a page of the messages in these states (none: in any), those that changed last first. Raise NoCursor.

    Of these accounts (None: of all) alone, it looks at no messages of others.
    """
    place = unseal(store, reader, after) if after is not None else None
    indexes = [store.keys.state(one) for one in states or State]
    looked_at = MAX_LOOKED_AT
    if accounts is not None and by_account.is_complete(store):
        indexes = [store.keys.state_of(one, account) for one in states or State for account in accounts]
        looked_at = limit + 1
    ties = _ties(store, indexes, place) if place else [0] * len(indexes)
    with store.client.pipeline(transaction=False) as pipeline:
        for index, tied in zip(indexes, ties, strict=True):
            start = place[0] if place else "+inf"
            pipeline.zrevrangebyscore(index, start, "-inf", 0, looked_at + tied, withscores=True)
        found = [(float(score), text(one)) for pairs in pipeline.execute() for one, score in pairs]
    rows = sorted((row for row in found if not place or row < place), reverse=True)
    return _page(store, reader, rows[:looked_at], fits, limit, is_end=len(rows) < looked_at)


def of_batch(store: Store, reader: str, batch: str, fits: Fits, limit: int, after: str | None) -> Page:
    """Return a page of the messages of a batch, in the order of intake. Raise NoCursor."""
    place = unseal(store, reader, after) if after is not None else None
    start = f"({place[0]!r}" if place else "-inf"
    pairs: Any = store.client.zrangebyscore(
        store.keys.members(batch), start, "+inf", 0, MAX_LOOKED_AT, withscores=True
    )
    rows = [(float(score), text(one)) for one, score in pairs]
    return _page(store, reader, rows, fits, limit, is_end=len(rows) < MAX_LOOKED_AT)


def _ties(store: Store, indexes: Sequence[str], place: Place) -> list[int]:
    """Return how many messages of each list share the cursor's score: some of them were on pages before."""
    with store.client.pipeline(transaction=False) as pipeline:
        for index in indexes:
            pipeline.zcount(index, place[0], place[0])
        return [int(count) for count in pipeline.execute()]


def _page(store: Store, reader: str, rows: Sequence[Place], fits: Fits, limit: int, *, is_end: bool) -> Page:
    """Return those of the rows that fit. The cursor is the last row that was looked at, whether it fits or not."""
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
                    is_last = row == rows[-1] and is_end
                    return Page(ids, None if is_last else seal(store, reader, row))
    return Page(ids, None if is_end or not rows else seal(store, reader, rows[-1]))
