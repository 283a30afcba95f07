"""Which of a campaign's messages were enqueued by an earlier import, whether workers have taken them or not."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice
from typing import Any, TypeVar

from pec.jobs import JobRejected, Problem
from pec.store.store import Store, text
from producers.campaign.ledger import Entry, Fate, Ledger
from producers.campaign.letters import Letters
from producers.campaign.naming import numbered
from producers.campaign.waiting import digests_of_waiting

T = TypeVar("T")
_PAGE = 500
_AHEAD = 8  # numbers looked at beyond the last: those of lines that were refused stay free


def settle_earlier(store: Store, ledger: Ledger, letters: Letters) -> None:
    """What was enqueued before needs no second time; what was changed since would be rejected by the workers."""
    known = _Known(store, str(letters.stated["batch"]))
    for page in _pages(one for one in ledger.entries(Fate.READY) if one.number is None):
        digests = known.digests(str(entry.id) for entry in page)
        for entry in page:
            if digest := digests.get(str(entry.id)):
                _settle_own(ledger, letters, entry, digest)
    for group in _pages(ledger.with_made_ids()):
        for rows, taken in zip(group, known.numbers(group), strict=True):
            if taken:
                _settle_made(ledger, letters, rows, taken)
    if letters.columns.id is not None or letters.columns.spare_id is not None:
        _settle_other_ids(known, ledger, letters)
        _settle_other_made_ids(known, ledger, letters)


class _Known:
    """The ids that an earlier import used."""

    def __init__(self, store: Store, batch: str) -> None:
        self._store = store
        self._waiting = digests_of_waiting(store, batch)  # first: what leaves the stream then is taken

    def digests(self, ids: Iterable[str]) -> dict[str, str]:
        """Of those ids that were used."""
        found = {}
        for page in _pages(ids):
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
        """For each recipient, by its rows: the numbers that were used, and their digests."""
        found: list[dict[int, str]] = [{} for _ in group]
        asked = {place: range(1, _last(rows) + _AHEAD + 1) for place, rows in enumerate(group)}
        while asked:
            ids = {(place, n): _numbered(group[place], n) for place, ns in asked.items() for n in ns}
            digests = self.digests(ids.values())
            for (place, number), job_id in ids.items():
                if job_id in digests:
                    found[place][number] = digests[job_id]
            ends = {place: max(found[place], default=0) + _AHEAD + 1 for place in asked}
            asked = {
                place: range(ns.stop, ends[place]) for place, ns in asked.items() if ns.stop < ends[place]
            }
        return found


def _settle_own(ledger: Ledger, letters: Letters, entry: Entry, digest: str) -> None:
    if _digest(letters, entry)(str(entry.id)) == digest:
        ledger.settle(entry.line, Fate.BEFORE)
    else:
        _refuse(ledger, letters, entry)


def _settle_made(ledger: Ledger, letters: Letters, rows: Sequence[Entry], taken: Mapping[int, str]) -> None:
    """The rows of one recipient. Numbers follow the order in the file, which may be another one by now."""
    left = dict(taken)  # messages that were enqueued, and that no row was found to say
    others = []
    for row in rows:
        number = _same(letters, row, left) if row.fate is Fate.READY else None
        if number is None:
            others.append(row)
        else:
            del left[number]
            ledger.settle(row.line, Fate.BEFORE)
            ledger.renumber(row.line, _numbered(rows, number), number)
    for row in others:
        if row.number not in left and row.number in taken:  # the number of another row: this one is new
            _renumber(ledger, row, taken)
        elif row.number in left and row.fate is Fate.READY:  # perhaps that message, mended: who knows
            _refuse(ledger, letters, row)


def _settle_other_ids(known: _Known, ledger: Ledger, letters: Letters) -> None:
    """Rows that an earlier import enqueued under their own key, which this one uses in another way."""
    for page in _pages(ledger.entries(Fate.READY)):
        others = {entry.line: letters.other_ids(entry.values) for entry in page}
        digests = known.digests(chain.from_iterable(others.values()))
        for entry in page:
            taken = [job_id for job_id in others[entry.line] if job_id in digests]
            digest = _digest(letters, entry) if taken else None
            if digest and any(digest(job_id) == digests[job_id] for job_id in taken):
                ledger.settle(entry.line, Fate.BEFORE)


def _settle_other_made_ids(known: _Known, ledger: Ledger, letters: Letters) -> None:
    """Rows with a key that an earlier import enqueued without it."""
    for group in _pages([one] for one in ledger.entries(Fate.READY) if one.number is None):
        for rows, taken in zip(group, known.numbers(group), strict=True):
            if taken and _same(letters, rows[0], taken) is not None:
                ledger.settle(rows[0].line, Fate.BEFORE)


def _same(letters: Letters, row: Entry, left: Mapping[int, str]) -> int | None:
    """The number under which the row's message was enqueued."""
    digest = _digest(letters, row)
    numbers = sorted(left, key=lambda number: (number != row.number, number))
    return next((number for number in numbers if digest(_numbered([row], number)) == left[number]), None)


def _renumber(ledger: Ledger, row: Entry, taken: Mapping[int, str]) -> None:
    free = (number for number in count(1) if number not in taken)
    ids = ((number, _numbered([row], number)) for number in free)
    number, job_id = next(one for one in ids if not ledger.with_id(one[1]))
    ledger.renumber(row.line, job_id, number)


def _refuse(ledger: Ledger, letters: Letters, entry: Entry) -> None:
    remedy = "a new campaign needs another --batch"
    if letters.columns.id is not None:
        remedy += ", a new message a new id"
    reason = f"was enqueued before with other content, and nothing is sent twice: {remedy}"
    ledger.refuse(entry.line, Problem(letters.id_name, reason))


def _digest(letters: Letters, entry: Entry) -> Callable[[str], str | None]:
    try:
        return letters.taken_digests(entry.values)
    except (OSError, JobRejected):  # a file that is gone by now
        return lambda job_id: None


def _last(rows: Sequence[Entry]) -> int:
    return max(row.number or 0 for row in rows)


def _numbered(rows: Sequence[Entry], number: int) -> str:
    return numbered(str(rows[0].base), number)


def _pages(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while page := list(islice(rest, _PAGE)):
        yield page
