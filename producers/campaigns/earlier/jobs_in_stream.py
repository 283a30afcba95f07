"""Jobs of a batch that no worker has taken yet. To an import they are as good as taken: they will be sent."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pec.job_messages import contents_of, count_of, digest_of
from pec.jobs import CancelJob, Job, JobRejected, SendJob, parse
from pec.names import State
from pec.store.records import children
from pec.store.store import Store, text

_PAGE = 500
_MAX_ASKED = 1000  # ids in one command


def digests_of_waiting(store: Store, batch: str) -> dict[str, str]:
    """Return, by job id, the data that workers will keep. If two jobs have one id, the first counts."""
    found: dict[str, str] = {}
    for job in _waiting(store, batch):
        found.setdefault(job.id, digest_of(job, contents_of(job)))
    return found


def size_with(store: Store, batch: str, ready: Iterable[str]) -> int:
    """Return how many messages the batch has with these: all that workers ever took, and those to come."""
    coming = set(ready)
    for job in _waiting(store, batch):
        coming.update(children(job.id, count_of(job)))
    # in one step, so that a message that is taken meanwhile is neither counted twice nor left out
    with store.client.pipeline(transaction=True) as pipeline:
        pipeline.hmget(store.keys.batch(batch), [str(state) for state in State])
        for some in _pages(coming):
            pipeline.zmscore(store.keys.members(batch), some)
        counts, *members = pipeline.execute()
    taken = sum(int(count or 0) for count in counts)
    return taken + sum(score is None for scores in members for score in scores)


def _waiting(store: Store, batch: str) -> Iterator[SendJob]:
    return (job for job in waiting_jobs(store, batch) if isinstance(job, SendJob))


def waiting_jobs(store: Store, batch: str) -> Iterator[SendJob | CancelJob]:
    """Return the jobs that send into the batch, and those that cancel it, in the order of the stream."""
    quoted = json.dumps(batch).encode()
    for raw in _raw(store):
        if quoted not in raw:  # so that others' jobs cost no parsing
            continue
        job = _parsed(raw)
        if isinstance(job, SendJob | CancelJob) and job.batch == batch:
            yield job


def _parsed(raw: bytes) -> Job | None:
    try:
        return parse(raw)
    except JobRejected:  # as workers will
        return None


def _raw(store: Store) -> Iterator[bytes]:
    after = "-"
    while page := _page(store, after):
        yield from (fields[b"job"] for _, fields in page if b"job" in fields)
        after = f"({text(page[-1][0])}"


def _page(store: Store, after: str) -> Any:
    return store.client.xrange(store.keys.jobs, min=after, count=_PAGE)


def _pages(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while page := list(islice(rest, _MAX_ASKED)):
        yield page
