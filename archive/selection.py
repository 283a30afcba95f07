"""Which messages are exported. Ids come a page at a time, so that a million of them need no memory."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import Any

from pec.job_messages import SHEET_ROW
from pec.names import State
from pec.store import rejections
from pec.store.store import Store, text

_PAGE = 1000
_MAX_REJECTIONS = 10_000  # looked through for those of a batch
_CLOCK_TOLERANCE_SECONDS = 60


def count_of_batch(store: Store, batch: str) -> int:
    return int(store.client.zcard(store.keys.members(batch)))


def of_batch(store: Store, batch: str) -> Iterator[str]:
    """Yield the ids of a batch in the order of intake, which no two messages share."""
    after = "-inf"
    while page := _page(store, batch, after):
        yield from (text(message_id) for message_id, _ in page)
        after = f"({page[-1][1]:.0f}"


def _page(store: Store, batch: str, after: str) -> Any:
    members = store.keys.members(batch)
    return store.client.zrange(members, after, "+inf", byscore=True, offset=0, num=_PAGE, withscores=True)


def of_all(store: Store) -> Iterator[str]:
    """Yield every message once, in no order. Messages that change state meanwhile are searched for a second time."""
    started = store.now()
    with closing(sqlite3.connect("")) as seen:  # a private temporary file
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        for message_id in chain(_walked(store), _moved(store, started - _CLOCK_TOLERANCE_SECONDS)):
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (message_id,)).rowcount:
                yield message_id


def _walked(store: Store) -> Iterator[str]:
    for state in State:
        for message_id, _ in store.client.zscan_iter(store.keys.state(state), count=_PAGE):
            yield text(message_id)


def _moved(store: Store, since: float) -> Iterator[str]:
    for state in State:
        found: Any = store.client.zrangebyscore(store.keys.state(state), since, "+inf")
        yield from map(text, found)


def sheet_columns(store: Store, ids: Iterable[str]) -> list[str]:
    """Return the names of the columns that these messages' lines had in their sheets, as they come first."""
    found: dict[str, None] = {}
    waiting = iter(ids)
    while chunk := list(islice(waiting, _PAGE)):
        with store.client.pipeline(transaction=False) as pipeline:
            for message_id in chunk:
                pipeline.hget(store.keys.message(message_id), "metadata")
            stored: list[Any] = pipeline.execute()
        for metadata in filter(None, stored):
            row = json.loads(metadata).get(SHEET_ROW)
            found |= dict.fromkeys(row) if isinstance(row, dict) else {}
    return list(found)


def rejected_of(store: Store, batch: str) -> int:
    """Count the rejected jobs of a batch that were not corrected since; 0 if there are too many to read."""
    if int(store.client.xlen(store.keys.rejected)) > _MAX_REJECTIONS:
        return 0
    names = {one.name for one in rejections.since(store, "0-0") if one.batch == batch}
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.exists(store.keys.taken(name))
        return sum(not taken for taken in pipeline.execute())
