"""Who of a new batch got the same subject of late: perhaps the campaign is sent a second time, to everybody."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any

from pec.names import State
from pec.store.store import Store, text
from producers.campaigns.naming import made_id
from producers.campaigns.renderer import RowRenderer
from producers.campaigns.row_store import RowStatus, RowStore

LATELY = timedelta(days=30)
MAX_LOOKED_AT = 100_000  # messages, newest first: about 3 s
_PAGE = 1000
_REACHED = (  # or may have been, or will be
    *(State.QUEUED, State.SENDING, State.UNCERTAIN, State.HELD, State.SENT, State.ACCEPTED),
    *(State.DELAYED, State.DELIVERED, State.UNCERTIFIED),
)


@dataclass(frozen=True, slots=True)
class SameSubject:
    """How many recipients, and in which batch most of them. `cut`: older messages were not looked at."""

    recipients: int
    batch: str | None
    cut: bool


def same_subject(
    store: Store, row_store: RowStore, renderer: RowRenderer, now: datetime
) -> SameSubject | None:
    """Return None unless some messages of a batch that is new are such."""
    batch = str(renderer.stated["batch"])
    if row_store.count(RowStatus.ALREADY_ENQUEUED) or store.client.exists(store.keys.members(batch)):
        return None
    recipients: set[str] = set()
    batches: Counter[str] = Counter()
    looked_at = 0
    for ids in _pages(_newest(store, now - LATELY)):
        looked_at += len(ids)
        for recipient, subject, account, other in _read(store, ids):
            base = made_id(batch, recipient)
            if (
                account == renderer.stated["account"]
                and base not in recipients
                and any(renderer.subject.fill(row.values) == subject for row in row_store.ready_for(base))
            ):
                recipients.add(base)
                batches[other] += bool(other)
        if looked_at >= MAX_LOOKED_AT:
            break
    if not recipients:
        return None
    [(limit, _)] = batches.most_common(1)
    return SameSubject(len(recipients), limit or None, looked_at >= MAX_LOOKED_AT)


def _newest(store: Store, since: datetime) -> Iterator[str]:
    """Return the ids of messages that reached a recipient since then, or may, newest first."""
    walks = (_walk(store, store.keys.state(state), since.timestamp()) for state in _REACHED)
    return (job_id for _, job_id in heapq.merge(*walks, reverse=True))


def _walk(store: Store, index: str, since: float) -> Iterator[tuple[float, str]]:
    for start in count(0, _PAGE):
        page: Any = store.client.zrevrange(index, start, start + _PAGE - 1, withscores=True)
        for member, score in page:
            if score < since:
                return
            yield score, text(member)
        if len(page) < _PAGE:
            return


def _read(store: Store, ids: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    with store.client.pipeline(transaction=False) as pipeline:
        for job_id in ids:
            pipeline.hmget(store.keys.message(job_id), ["recipient", "subject", "account", "batch"])
        replies: list[Any] = pipeline.execute()
    for reply in replies:
        recipient, subject, account, batch = (text(value or b"") for value in reply)
        yield recipient, subject, account, batch


def _pages(ids: Iterator[str]) -> Iterator[list[str]]:
    while page := list(islice(ids, _PAGE)):
        yield page
