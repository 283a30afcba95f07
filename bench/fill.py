"""Fills a store in bulk: the store's own commit script, with its own payload made once and copied under other names."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from pec.changes import Change, Lane, created
from pec.instants import from_epoch
from pec.messages import Message
from pec.names import Queue, State
from pec.store.commits import Commit, _arguments
from pec.store.store import Store

_CHUNK = 500
NAME, CODE, ORDER = "NAMEOFTHEMESSAGE", "9999999999999999", 7_777_777_777


def waiting_for_receipts(store: Store, count: int, *, first: int, due_at: float) -> None:
    """Messages of account a0 that were sent two hours ago; each is looked at again once, from `due_at` on."""
    now = from_epoch(store.now())
    message = _message(now - timedelta(hours=2), State.SENT, code=CODE, sent_at=now - timedelta(hours=2))
    change = created(message, due={Queue.CHECK: from_epoch(due_at)})
    _write(store, change, range(first, first + count))


def finished(store: Store, count: int, *, first: int) -> None:
    """Messages that were delivered some time ago."""
    past = from_epoch(store.now()) - timedelta(days=1)
    message = _message(past, State.DELIVERED, code=CODE, sent_at=past, accepted_at=past, ended_at=past)
    _write(store, created(message), range(first, first + count))


def queued(store: Store, count: int, *, first: int, account: str = "a0") -> None:
    """Messages in their lane."""
    message = replace(_message(from_epoch(store.now()), State.QUEUED), account=account)
    _write(store, created(message, lane=Lane.ENTER), range(first, first + count))


def name_of(number: int) -> str:
    return f"filled-{number:09d}"


def code_of(number: int) -> str:
    return f"20200101{number:08d}"


def _message(at: datetime, state: State, **fields: object) -> Message:
    made = Message(
        id=NAME,
        account="a0",
        recipients=(f"{NAME}@pec.example",),
        subject="Comunicazione in attesa",
        state=state,
        created_at=at,
        updated_at=at,
        order=ORDER,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the caller names fields of Message


def _write(store: Store, change: Change, numbers: Iterable[int]) -> None:
    """Store the messages without their events, which were delivered long ago."""
    make = _copier(store, replace(change, events=()))
    script = store.script("commit")
    todo = list(numbers)
    for start in range(0, len(todo), _CHUNK):
        with store.client.pipeline(transaction=False) as pipeline:
            for number in todo[start : start + _CHUNK]:
                script(args=[make(number)], client=pipeline)
            for reply in pipeline.execute():
                assert reply[0] == b"applied", reply
    store.client.incrby(store.keys.sequence, len(todo))


def _copier(store: Store, change: Change) -> Callable[[int], str]:
    payload = str(_arguments(store, Commit([change]))[0])
    before, rest = payload.split('"op":"', 1)
    after = rest.partition('"')[2]

    def copy(number: int) -> str:
        named = (before + '"op":"' + f"{number:016x}" + '"' + after).replace(NAME, name_of(number))
        return named.replace(CODE, code_of(number)).replace(str(ORDER), str(number + 1))

    return copy
