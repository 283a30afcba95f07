"""Ends by minute, and how long receipts took, from the indexes of states."""

from datetime import UTC, datetime, timedelta

import pytest

from pec.names import State
from pec.operations.throughput import Period, durations, ends_in
from pec.store.store import Store
from producers import Producer
from tests.integration.producing import SEND, Settle, TakeJobs, to

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


def test_durations_are_those_of_the_messages_delivered_last(
    store: Store, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    assert durations(store) == (None, None)
    sent_at = datetime(2026, 11, 29, 12, tzinfo=UTC)
    for number in range(1, 21):
        producer.send(f"m-{number}", **SEND)
    take_jobs()
    for number in range(1, 21):
        change(f"m-{number}", to(State.DELIVERED))
        times = {
            "sent_at": sent_at,
            "accepted_at": sent_at + timedelta(seconds=1),
            "delivered_at": sent_at + timedelta(seconds=number),
        }
        store.client.hset(
            store.keys.message(f"m-{number}"), mapping={name: at.isoformat() for name, at in times.items()}
        )

    accepted, delivered = durations(store)

    assert accepted is not None
    assert delivered is not None
    assert (accepted.count, accepted.median_seconds, accepted.most_seconds) == (20, 1, 1)
    assert delivered.median_seconds == pytest.approx(10.5)
    assert delivered.most_seconds == 19
