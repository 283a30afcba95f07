"""Consumers of dead workers leave the group, and never one that holds a job."""

from typing import Any

from pec.store import job_stream
from pec.store.store import Store


def consumers(store: Store) -> set[str]:
    found: Any = store.client.xinfo_consumers(store.keys.jobs, job_stream.GROUP)
    return {one["name"].decode() for one in found}


def test_only_those_leave_that_hold_nothing_and_are_idle(store: Store) -> None:
    job_stream.ensure_group(store)
    store.client.xadd(store.keys.jobs, {"job": "{}"})
    [held] = job_stream.read_new(store, "holds", 1, 1)
    job_stream.read_new(store, "idle", 1, 1)

    assert job_stream.remove_consumers(store, 3600) == 0
    assert job_stream.remove_consumers(store, -1) == 1
    assert consumers(store) == {"holds"}
    assert [one.id for one in job_stream.reclaim(store, "next", 0, 1)] == [held.id]


def test_a_consumer_that_comes_back_is_one_again(store: Store) -> None:
    job_stream.ensure_group(store)
    job_stream.read_new(store, "w1", 1, 1)
    job_stream.remove_consumers(store, -1)
    store.client.xadd(store.keys.jobs, {"job": "{}"})

    assert len(job_stream.read_new(store, "w1", 1, 1)) == 1
    assert consumers(store) == {"w1"}
