"""Which of a campaign's messages were enqueued by an earlier import, as far as workers have taken them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pec.jobs import JobRejected, Problem
from pec.store.store import Store, text
from producers.campaign.ledger import Entry, Fate, Ledger
from producers.campaign.letters import Letters

_PAGE = 500


def settle_earlier(store: Store, ledger: Ledger, letters: Letters) -> None:
    """What was enqueued before needs no second time; what was changed since would be rejected by the workers."""
    for entry, taken in _taken(store, ledger.entries(Fate.READY)):
        if _digest(letters, entry) == taken:
            ledger.settle(entry.line, Fate.BEFORE)
        else:
            ledger.refuse(entry.line, Problem(letters.id_name, _changed(letters)))


def _digest(letters: Letters, entry: Entry) -> str | None:
    try:
        return letters.taken_digest(entry.values, str(entry.id))
    except (OSError, JobRejected):  # a file that is gone by now
        return None


def _changed(letters: Letters) -> str:
    remedy = "a new campaign needs another --batch"
    if letters.columns.id is not None:
        remedy = "give a new message a new id"
    return f"was enqueued before with other content, and nothing is sent twice: {remedy}"


def _taken(store: Store, entries: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    """Those whose id was taken, and the digest of the job that took it."""
    for page in _pages(entries):
        with store.client.pipeline(transaction=False) as pipeline:
            for entry in page:
                pipeline.get(store.keys.taken(str(entry.id)))
            found: list[Any] = pipeline.execute()
        for entry, stamp in zip(page, found, strict=True):
            if stamp is not None:
                yield entry, text(stamp).split()[0]


def _pages(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while page := list(islice(rest, _PAGE)):
        yield page
