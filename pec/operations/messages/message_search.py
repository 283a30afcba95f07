"""Messages as a page lists them: newest first, some at a time, found by state, mailbox, time, batch or words.

No key says which messages have a recipient or a subject: an entry for each would cost every message memory and its
intake a write. So words are looked for in the newest messages, as many as a page may cost, and further back on demand.
"""

import heapq
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pec.instants import from_epoch
from pec.messages import Message
from pec.names import State
from pec.store import cursors, records
from pec.store.cursors import NoCursor, Place
from pec.store.records import Outline
from pec.store.store import Store, text, text_list

MAX_CURSOR = cursors.MAX_LENGTH
MAX_LOOKED_AT = 4000  # messages in which one page looks for words
_CHUNK = 200
_READER = "messages"  # of the cursors: no token of the gateway has this id
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}(#[0-9]{1,9})?")
_CODE = re.compile(r"[A-Za-z0-9]{8,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which messages are wanted; what is empty restricts nothing. `words`: a part of the recipient or the subject."""

    states: Collection[State] = ()
    accounts: Collection[str] = ()
    since: datetime | None = None  # when they entered their state
    until: datetime | None = None
    batch: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of a query. `cursor` is where the next page begins, or empty at the end."""

    messages: list[Message]
    cursor: str = ""
    looked_at: int = 0  # messages that were looked through for this page
    back_to: datetime | None = None  # when the last of them entered its state, or None in a batch
    unsupported: int = 0  # of a newer version, left out


def find_page(store: Store, query: Query, cursor: str = "", limit: int = 50) -> Page:
    """Return one page. It costs as much in a small installation as in a large one."""
    if query.batch:
        return _page_of_batch(store, query, cursor, limit)
    places = _newest(store, query, _place_of(store, cursor))
    return _page(store, query, places, limit)


def find_exactly(store: Store, name: str, accounts: Iterable[str]) -> list[str]:
    """Return the ids of the messages that have this id, job id or code."""
    found = records.ids_of_job(store, name) if _ID.fullmatch(name) else []
    if "#" in name and _ID.fullmatch(name) and store.client.exists(store.keys.message(name)):
        found = [name]
    if _CODE.fullmatch(name):
        keys = [store.keys.code(account, name) for account in accounts]
        owners: Any = store.client.mget(keys) if keys else []
        found += [text(one) for one in owners if one is not None]
    return list(dict.fromkeys(found))


def is_batch(store: Store, name: str) -> bool:
    """Return whether there is a batch of this name."""
    return bool(store.client.exists(store.keys.members(name)))


# By time


def _page(store: Store, query: Query, places: Iterator[Place], limit: int) -> Page:
    """Look at places in their order until the page is full, or until it has cost enough."""
    chosen: list[Place] = []
    last: Place | None = None
    looked_at, full = 0, False
    while not full and looked_at < MAX_LOOKED_AT and (chunk := list(islice(places, _CHUNK))):
        for place, fits in zip(chunk, _fit(store, query, [one for _, one in chunk]), strict=True):
            if fits and len(chosen) == limit:
                full = True
                break
            looked_at, last = looked_at + 1, place
            if fits:
                chosen.append(place)
    more = full or next(places, None) is not None
    newer: list[object] = []
    messages = list(records.read_all(store, [one for _, one in chosen], newer.append))
    return Page(
        messages,
        cursor=cursors.seal(store, _READER, last) if more and last else "",
        looked_at=looked_at,
        back_to=from_epoch(last[0]) if last else None,
        unsupported=len(newer),
    )


def _newest(store: Store, query: Query, after: Place | None) -> Iterator[Place]:
    """Yield the places of messages in these states, newest first, after a place."""
    each = [_of_state(store, state, query, after) for state in query.states or State]
    return heapq.merge(*each, reverse=True)


def _of_state(store: Store, state: State, query: Query, after: Place | None) -> Iterator[Place]:
    newest = after[0] if after else query.until.timestamp() if query.until else "+inf"
    oldest = query.since.timestamp() if query.since else "-inf"
    start = 0
    while True:
        found: Any = store.client.zrevrangebyscore(
            store.keys.state(state), newest, oldest, start=start, num=_CHUNK, withscores=True
        )
        for member, score in found:
            place = (float(score), text(member))
            if after is None or place < after:
                yield place
        if len(found) < _CHUNK:
            return
        start += _CHUNK


def _place_of(store: Store, cursor: str) -> Place | None:
    try:
        return cursors.unseal(store, _READER, cursor) if cursor else None
    except NoCursor:
        return None


# By batch


def _page_of_batch(store: Store, query: Query, cursor: str, limit: int) -> Page:
    start = int(cursor) if cursor.isdecimal() else 0
    ids = text_list(store.client.zrange(store.keys.members(query.batch), start, start + MAX_LOOKED_AT))
    chosen: list[str] = []
    looked_at, newer = 0, list[object]()
    for at in range(0, min(len(ids), MAX_LOOKED_AT), _CHUNK):
        chunk = ids[at : min(at + _CHUNK, MAX_LOOKED_AT)]
        for message_id, fits in zip(chunk, _fit(store, query, chunk), strict=True):
            if fits and len(chosen) == limit:
                break
            looked_at += 1
            if fits:
                chosen.append(message_id)
        else:
            continue
        break
    messages = list(records.read_all(store, chosen, newer.append))
    more = looked_at < len(ids)
    return Page(messages, str(start + looked_at) if more else "", looked_at, None, len(newer))


def _fit(store: Store, query: Query, ids: list[str]) -> list[bool]:
    """Return for each id whether its record fits, from the few fields that this takes."""
    if not (query.words or query.accounts or (query.batch and query.states)):
        return [True] * len(ids)
    return [_record_fits(query, one) for one in records.outlines(store, ids)]


def _record_fits(query: Query, one: Outline) -> bool:
    words = query.words.casefold()
    return bool(
        one.account
        and (not query.accounts or one.account in query.accounts)
        and (not query.batch or not query.states or one.state in query.states)
        and (not words or words in one.recipient.casefold() or words in one.subject.casefold())
    )
