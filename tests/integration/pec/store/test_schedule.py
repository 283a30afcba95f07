"""Taking what is due, on a real server."""

import pytest

from pec.names import Queue
from pec.store import schedule
from pec.store.store import Store


def test_what_is_due_says_since_when_and_comes_again_after_its_lease(store: Store) -> None:
    now = store.now()
    store.set_due(Queue.CHECK, "late", now - 30)
    store.set_due(Queue.CHECK, "on time", now)
    store.set_due(Queue.CHECK, "not yet", now + 60)

    taken = schedule.take_due(store, {Queue.CHECK: 10, Queue.LOOKUP: 10}, lease_seconds=60)

    assert [due.member for due in taken[Queue.CHECK]] == ["late", "on time"]
    assert [due.at for due in taken[Queue.CHECK]] == pytest.approx([now - 30, now])
    assert taken[Queue.LOOKUP] == []
    assert store.client.zscore(store.keys.due(Queue.CHECK), "late") == pytest.approx(now + 60, abs=1)
    assert schedule.take_due(store, {Queue.CHECK: 10}, lease_seconds=60)[Queue.CHECK] == []


def test_no_more_is_taken_than_there_is_room_for_the_longest_due_first(store: Store) -> None:
    for age in (1, 3, 2):
        store.set_due(Queue.CHECK, f"{age} s", store.now() - age)

    [first, second] = schedule.take_due(store, {Queue.CHECK: 2}, lease_seconds=60)[Queue.CHECK]

    assert (first.member, second.member) == ("3 s", "2 s")
