"""The ids of a batch that an earlier import used, whether workers have taken them or not."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from pec.attempts import further_attempts
from pec.store.records import ids_of_batch
from pec.store.store import Store, text
from producers.campaigns.earlier.jobs_in_stream import digests_of_waiting
from producers.campaigns.naming import numbered
from producers.campaigns.row_store import Entry

T = TypeVar("T")
_PAGE = 500
_AHEAD = 8  # numbers looked at beyond the last: those of lines that were refused stay free


class UsedIds:
    """The ids that Redis knows when this object is made."""

    def __init__(self, store: Store, batch: str) -> None:
        self._store = store
        self._waiting = digests_of_waiting(store, batch)  # first: what leaves the stream then is taken
        self._further = further_attempts(dict.fromkeys([*ids_of_batch(store, batch), *self._waiting]))

    def further(self, job_id: str) -> Sequence[str]:
        """Return the ids of further attempts at this message, in the order in which they were made."""
        return self._further.get(job_id, ())

    def digests(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the digests of those ids that were used."""
        found = {}
        for page in pages(ids):
            with self._store.client.pipeline(transaction=False) as pipeline:
                for job_id in page:
                    pipeline.get(self._store.keys.taken(job_id))
                stamps: list[Any] = pipeline.execute()
            for job_id, stamp in zip(page, stamps, strict=True):
                digest = self._waiting.get(job_id) if stamp is None else text(stamp).split()[0]
                if digest is not None:
                    found[job_id] = digest
        return found

    def numbers(self, group: Sequence[Sequence[Entry]]) -> list[dict[int, str]]:
        """Return for each recipient, by its rows, the numbers that were used, and their digests."""
        found: list[dict[int, str]] = [{} for _ in group]
        asked = {place: range(1, _last(rows) + _AHEAD + 1) for place, rows in enumerate(group)}
        while asked:
            ids = {(place, n): numbered_of(group[place], n) for place, ns in asked.items() for n in ns}
            digests = self.digests(ids.values())
            for (place, number), job_id in ids.items():
                if job_id in digests:
                    found[place][number] = digests[job_id]
            ends = {place: max(found[place], default=0) + _AHEAD + 1 for place in asked}
            asked = {
                place: range(ns.stop, ends[place]) for place, ns in asked.items() if ns.stop < ends[place]
            }
        return found


def numbered_of(rows: Sequence[Entry], number: int) -> str:
    """Return the id of a recipient's message by its number."""
    return numbered(str(rows[0].base), number)


def pages(rows: Iterable[T]) -> Iterator[list[T]]:
    """Return the rows some hundreds at a time."""
    rest = iter(rows)
    while page := list(islice(rest, _PAGE)):
        yield page


def _last(rows: Sequence[Entry]) -> int:
    return max(row.number or 0 for row in rows)
