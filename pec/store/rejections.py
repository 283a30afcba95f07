"""Reading `pec:rejected`: which jobs the workers did not take, and why."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pec.jobs import JobRejected
from pec.problems import Problem, stored_problem
from pec.store.event_log import ordered
from pec.store.store import Store, text, text_dict, text_list

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Rejection:
    """A job that was not taken. `entry` is its id in `pec:jobs`; `job` holds the fields that may be shown."""

    position: str
    entry: str
    job: dict[str, str]
    problems: tuple[Problem, ...]
    at: str

    @property
    def batch(self) -> str | None:
        """Return the batch of the messages that the job should have made; a cancel makes none."""
        return None if self.job.get("type") == "cancel" else self.job.get("batch")

    @property
    def name(self) -> str:
        """Return the job's id if it had a readable one, else its entry."""
        return self.job.get("id", self.entry)


def since(store: Store, position: str) -> Iterator[Rejection]:
    """Yield the rejections after a position in the stream, oldest first."""
    while page := _read(store, f"({position}"):
        yield from page
        position = page[-1].position


def newest(store: Store) -> Iterator[Rejection]:
    """Yield all rejections, newest first."""
    position = "+"
    while page := _read_back(store, position):
        yield from page
        position = f"({page[-1].position}"


def before(store: Store, position: str | None, count: int) -> list[Rejection]:
    """Return rejections before a position in the stream, or the latest ones, newest first."""
    if position is not None and ordered(position) == (
        0,
        0,
    ):  # Redis refuses "before the first possible entry"
        return []
    upto = "+" if position is None else f"({position}"
    page: Any = store.client.xrevrange(store.keys.rejected, max=upto, count=count)
    return [_rejection(*pair) for pair in page]


def of_entry(store: Store, entry: str) -> Rejection | None:
    """Return the rejection of the job that had this entry in `pec:jobs`, or None."""
    at: Any = store.client.zscore(store.keys.rejected_at, entry)
    if at is None:
        return None
    of_that_instant: Any = store.client.xrange(store.keys.rejected, min=str(int(at)), max=str(int(at)))
    return next((one for pair in of_that_instant if (one := _rejection(*pair)).entry == entry), None)


def any_of(store: Store, entries: Sequence[str]) -> bool:
    """Return whether one of the jobs that had these entries in `pec:jobs` was rejected."""
    found: Any = store.client.zmscore(store.keys.rejected_at, list(entries)) if entries else []
    return any(at is not None for at in found)


def latest_of(store: Store, account: str, limit: int) -> list[Rejection]:
    """Return the latest rejections of jobs that name this account, newest first; "": of no known account."""
    latest = text_list(store.client.zrevrange(store.keys.rejected_of(account), 0, limit - 1))
    with store.client.pipeline(transaction=False) as pipeline:
        for one in latest:
            position = one.partition(" ")[0]
            pipeline.xrange(store.keys.rejected, position, position)
        return [_rejection(*pair) for found in pipeline.execute() for pair in found]


def newest_of(store: Store, job_id: str, limit: int = 10 * _PAGE) -> Rejection | None:
    """Return the last rejection of a job with this id among the latest ones, or None."""
    latest: Any = store.client.xrevrange(store.keys.rejected, count=limit)
    found = (_rejection(*pair) for pair in latest)
    return next((one for one in found if one.job.get("id") == job_id), None)


def as_error(rejections: Iterable[Rejection]) -> JobRejected:
    """Return rejections as the exception that a producer raises."""
    each = list(rejections)
    if len(each) == 1:
        return JobRejected(list(each[0].problems), each[0].job)
    return JobRejected([replace(p, field=f"{one.name}: {p.field}") for one in each for p in one.problems])


def _read(store: Store, start: str) -> list[Rejection]:
    page: Any = store.client.xrange(store.keys.rejected, min=start, count=_PAGE)
    return [_rejection(*pair) for pair in page]


def _read_back(store: Store, newest: str) -> list[Rejection]:
    page: Any = store.client.xrevrange(store.keys.rejected, max=newest, count=_PAGE)
    return [_rejection(*pair) for pair in page]


def _rejection(position: bytes, stored: Any) -> Rejection:
    fields = text_dict(stored)
    return Rejection(
        position=text(position),
        entry=fields.get("entry", ""),
        job=json.loads(fields.get("job", "{}")),
        problems=tuple(map(stored_problem, json.loads(fields.get("errors", "[]")))),
        at=fields.get("at", ""),
    )
