"""Webhook deliveries that were given up, and their replay.

A dead letter keeps its event until a replay delivers it, so it does not need the stream of events, which is trimmed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pec.names import Queue
from pec.store.store import Store, text, text_dict
from pec.webhooks.failures import stored_why

_CHUNK = 500
_MAX_LOOKED_AT = 2000
_ENTRY = re.compile(r"(?!0+-0+$)[0-9]{1,19}-[0-9]{1,19}")  # others, Redis refuses
_DEAD = "dead:"  # and a letter's id: its delivery, when it is replayed


_Entry = tuple[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up. `replayed`: it is on its way again."""

    id: str
    endpoint: str
    event_id: str
    type: str
    event: str
    status: int | None  # the last answer's; None if there was none
    why: str
    tries: int
    at: str  # RFC 3339
    replayed: bool


def newest(store: Store, endpoint: str | None = None, limit: int = 100) -> list[DeadLetter]:
    """Return dead letters of one endpoint, or of all, newest first."""
    return list(islice(_letters(store, endpoint), limit))


def page(
    store: Store, endpoint: str | None = None, before: str = "", limit: int = 50
) -> tuple[list[DeadLetter], str]:
    """Return dead letters of one endpoint, or of all, newest first, and where the next page begins.

    A page looks at 2,000 letters at most, so that it may be short, or empty, before the end. An empty text is the end.
    """
    newest = f"({before}" if _ENTRY.fullmatch(before) else "+"
    found: list[DeadLetter] = []
    for _ in range(_MAX_LOOKED_AT // _CHUNK):
        entries = _entries(store, newest)
        for letter in _read(store, endpoint, entries):
            if len(found) == limit:
                return found, found[-1].id
            found.append(letter)
        if len(entries) < _CHUNK:
            return found, ""
        newest = f"({entries[-1][0]}"
    return found, newest.removeprefix("(")


def replay(store: Store, endpoint: str, letters: Collection[str] | None = None) -> int:
    """Make untried deliveries of dead letters (by id; None: all). Return how many were not on their way already.

    They stay among the dead until they are delivered.
    """
    now = store.now()
    found = _letters(store, endpoint) if letters is None else _chosen(store, endpoint, letters)
    chosen = {_DEAD + letter.id: now for letter in found}
    if not chosen:
        return 0
    with store.client.pipeline() as pipeline:
        pipeline.zadd(store.keys.deliveries(endpoint), chosen, nx=True)
        pipeline.zadd(store.keys.due(Queue.WEBHOOK), {endpoint: now})
        return int(pipeline.execute()[0])


def _letters(store: Store, endpoint: str | None) -> Iterator[DeadLetter]:
    """Yield the letters of one endpoint, or of all, newest first."""
    newest = "+"
    while found := _entries(store, newest):
        newest = f"({found[-1][0]}"
        yield from _read(store, endpoint, found)


def _chosen(store: Store, endpoint: str, letters: Iterable[str]) -> Iterator[DeadLetter]:
    for one in filter(_ENTRY.fullmatch, letters):
        yield from _read(store, endpoint, _entries(store, one, one))


def _read(store: Store, endpoint: str | None, entries: Sequence[_Entry]) -> Iterator[DeadLetter]:
    """Yield the letters of one endpoint, or of all, among these entries."""
    wanted = [one for one in entries if endpoint in (None, one[1]["endpoint"])]
    with store.client.pipeline(transaction=False) as pipeline:
        for letter_id, fields in wanted:
            pipeline.zscore(store.keys.deliveries(fields["endpoint"]), _DEAD + letter_id)
        scores = pipeline.execute()
    for (letter_id, fields), score in zip(wanted, scores, strict=True):
        yield _letter(letter_id, fields, replayed=score is not None)


def _entries(store: Store, newest: str, oldest: str = "-") -> list[_Entry]:
    found: Any = store.client.xrevrange(store.keys.dead, newest, oldest, _CHUNK)
    return [(text(entry_id), text_dict(fields)) for entry_id, fields in found]


def _letter(letter_id: str, fields: dict[str, str], *, replayed: bool) -> DeadLetter:
    return DeadLetter(
        id=letter_id,
        endpoint=fields["endpoint"],
        event_id=fields["id"],
        type=fields["type"],
        event=fields["event"],
        status=int(fields["status"]) if fields["status"] else None,
        why=stored_why(fields),
        tries=int(fields["tries"]),
        at=fields["at"],
        replayed=replayed,
    )
