"""Ends by minute, from the indexes of states."""

from datetime import timedelta

from pec.names import State
from pec.operations.messages.throughput import Period, ends_in
from pec.store.store import Store

HOUR = Period(60, timedelta(minutes=1))


def test_ends_are_counted_in_the_step_in_which_they_happened(store: Store) -> None:
    now = store.now()
    for name, ago in (("now", 0.0), ("before", 600.0), ("long ago", 7200.0)):
        store.client.zadd(store.keys.state(State.DELIVERED), {name: now - ago})
    store.client.zadd(store.keys.state(State.QUEUED), {"waits": now})

    found = ends_in(store, HOUR)

    assert list(found.counts) == [State.DELIVERED]
    assert found.total(State.DELIVERED) == 2
    assert found.counts[State.DELIVERED][-1] + found.counts[State.DELIVERED][-2] == 1
    assert sum(found.counts[State.DELIVERED][-12:-9]) == 1
    assert [
        (later - one).total_seconds() for one, later in zip(found.starts, found.starts[1:], strict=False)
    ] == [60] * 59
