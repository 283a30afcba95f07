"""Ended messages whose proof is incomplete: which they are, and whether the mailbox may still complete it."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archive.case_files import CaseFile, gather
from pec.names import ENDS, Queue
from pec.store import heartbeat
from pec.store.store import Store, text

_CHUNK = 500
_EVERY_SECONDS = 0.5
Lacks = Callable[[CaseFile], object]  # what the proof of a message still needs; false if nothing


@dataclass(frozen=True, slots=True)
class Incomplete:
    """An ended message whose proof is incomplete, as read from Redis."""

    version: int
    account: str


def incomplete(
    store: Store, ids: Iterable[str], lacks: Lacks, short: Collection[str] = ("",)
) -> dict[str, Incomplete]:
    """Return the ended messages whose proof lacks something, by id. Raise UnsupportedRecord.

    Only messages whose recorded proof is one of `short` are looked at; "" is none.
    """
    found: dict[str, Incomplete] = {}
    unproved = (one for chunk in _chunks(ids) for one in _without_proof(store, chunk, short))
    for case in gather(store, unproved):
        if lacks(case):
            found[case.message.id] = Incomplete(case.message.version, case.message.account)
    return found


def ask_again(store: Store, pending: dict[str, Incomplete], at_most: int) -> None:
    """Have workers look at the mailbox now for these, also for those whose looks were used up."""
    now = store.now()
    if due := dict.fromkeys(islice(pending, at_most), now):
        store.client.zadd(store.keys.due(Queue.CHECK), due, lt=True)
        read = dict.fromkeys((one.account for one in pending.values()), now)
        store.client.zadd(store.keys.due(Queue.ARCHIVE), read, xx=True, lt=True)  # those that IMAP reads


def wait(
    store: Store,
    pending: dict[str, Incomplete],
    lacks: Lacks,
    seconds: float,
    progress: Callable[[int], object],
    short: Collection[str] = ("",),
) -> None:
    """Take out of `pending` what is completed, until nothing is left, no look is due in time, or time is over.

    `progress` gets how many are left, each time.
    """
    until, ends = store.now() + seconds, time.monotonic() + seconds
    while pending:
        _drop_completed(store, pending, lacks, short)
        progress(len(pending))
        left = ends - time.monotonic()
        if left <= 0 or not _look_is_due(store, pending, until):
            return
        time.sleep(min(left, _EVERY_SECONDS))  # a changed version sends no notice


def served(store: Store, pending: dict[str, Incomplete]) -> bool:
    """Return whether live workers look at the mailboxes of any of these."""
    if Queue.CHECK not in heartbeat.live(store, "queue"):
        return False
    return not heartbeat.live(store, "account").isdisjoint(one.account for one in pending.values())


def _without_proof(store: Store, ids: list[str], short: Collection[str]) -> list[str]:
    """Return the ended messages whose recorded proof is short. Older versions wrote none: their receipts show it."""
    replies = _fields(store, ids, "state", "proof")
    return [one for one, (state, proof) in zip(ids, replies, strict=True) if state in ENDS and proof in short]


def _drop_completed(
    store: Store, pending: dict[str, Incomplete], lacks: Lacks, short: Collection[str]
) -> None:
    for chunk in _chunks(list(pending)):
        replies = _fields(store, chunk, "version")
        changed = [one for one, (version,) in zip(chunk, replies, strict=True)
                   if version != str(pending[one].version)]  # fmt: skip
        still = incomplete(store, changed, lacks, short)
        for message_id in changed:
            del pending[message_id]
        pending.update(still)


def _look_is_due(store: Store, pending: dict[str, Incomplete], until: float) -> bool:
    """Return whether a look at a message's mailbox is scheduled before then for any of these, or a reading by IMAP."""
    accounts = {one.account for one in pending.values()}
    return _is_due(store, Queue.CHECK, pending, until) or _is_due(store, Queue.ARCHIVE, accounts, until)


def _is_due(store: Store, queue: Queue, members: Iterable[str], until: float) -> bool:
    due: Any = (
        score for chunk in _chunks(members) for score in store.client.zmscore(store.keys.due(queue), chunk)
    )
    return any(score is not None and float(score) <= until for score in due)


def _fields(store: Store, ids: list[str], *names: str) -> Iterator[list[str]]:
    with store.client.pipeline(transaction=False) as pipeline:
        for message_id in ids:
            pipeline.hmget(store.keys.message(message_id), *names)
        return ([text(value or b"") for value in values] for values in pipeline.execute())


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(ids)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk
