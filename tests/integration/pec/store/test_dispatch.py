"""Taking what is due, on a real server."""

import math

import pytest

from pec.names import Queue
from pec.store.dispatch import Dispatched, DispatchRequest, dispatch
from pec.store.store import Store


def take(store: Store, most: int, *queues: Queue) -> Dispatched:
    return dispatch(store, DispatchRequest(queues=dict.fromkeys(queues, most), lease_seconds=60))


def test_what_is_due_says_since_when_and_comes_again_after_its_lease(store: Store) -> None:
    now = store.now()
    store.set_due(Queue.CHECK, "late", now - 30)
    store.set_due(Queue.CHECK, "on time", now)
    store.set_due(Queue.CHECK, "not yet", now + 90)

    taken = take(store, 10, Queue.CHECK, Queue.LOOKUP).due

    assert [due.member for due in taken[Queue.CHECK]] == ["late", "on time"]
    assert [due.at for due in taken[Queue.CHECK]] == pytest.approx([now - 30, now])
    assert taken[Queue.LOOKUP] == []
    assert store.client.zscore(store.keys.due(Queue.CHECK), "late") == pytest.approx(now + 60, abs=1)
    assert take(store, 10, Queue.CHECK).due[Queue.CHECK] == []


def test_no_more_is_taken_than_there_is_room_for_the_longest_due_first(store: Store) -> None:
    for age in (1, 3, 2):
        store.set_due(Queue.CHECK, f"{age} s", store.now() - age)

    found = take(store, 2, Queue.CHECK)

    assert [due.member for due in found.due[Queue.CHECK]] == ["3 s", "2 s"]
    assert found.wait_seconds == 0


def test_the_time_until_the_next_is_due_is_reported(store: Store) -> None:
    store.set_due(Queue.CHECK, "soon", store.now() + 20)
    store.set_due(Queue.LOOKUP, "sooner", store.now() + 10)
    store.set_due(Queue.QUOTA, "of a queue not asked for", store.now())

    assert take(store, 10, Queue.CHECK, Queue.LOOKUP).wait_seconds == pytest.approx(10, abs=0.5)
    assert take(store, 10, Queue.WEBHOOK).wait_seconds == math.inf


def test_nothing_is_handed_out_that_was_not_asked_for(store: Store) -> None:
    store.set_due(Queue.CHECK, "due", store.now())

    assert dispatch(store, DispatchRequest()) == Dispatched(
        endpoints=[], hints=[], due={}, wait_seconds=math.inf, attended={}
    )
    assert take(store, 1, Queue.CHECK).due[Queue.CHECK]
