"""Ids of what is to be exported, from a real server."""

from itertools import islice

import pytest

from archive import selection
from pec.names import State
from pec.store.store import Store
from producers import Producer
from tests.integration.producing import SEND, Settle, TakeJobs, to


def test_a_batch_comes_in_the_order_of_intake_across_pages(
    producer: Producer, store: Store, take_jobs: TakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_PAGE", 3)
    ids = [f"m{number % 4}-{number}" for number in range(10)]
    producer.send_many({**SEND, "id": one, "batch": "b"} for one in ids)
    producer.send("other", **SEND)
    take_jobs()

    assert list(selection.of_batch(store, "b")) == ids


def test_all_are_found_once_though_they_move_meanwhile(
    producer: Producer, store: Store, take_jobs: TakeJobs, change: Settle
) -> None:
    ids = {f"m{number}" for number in range(6)}
    producer.send_many({**SEND, "id": one} for one in ids)
    take_jobs()
    for one in ("m0", "m1", "m2"):
        change(one, to(State.UNDELIVERED))

    walk = selection.of_all(store)
    seen = list(islice(walk, 3))  # those that are queued
    change("m0", to(State.DELIVERED))  # backwards, past where the walk has not been yet
    change(seen[0], to(State.DELIVERED))  # forwards: it will be met again

    assert sorted([*seen, *walk]) == sorted(ids)


def test_one_that_slips_past_the_walk_is_found_all_the_same(
    producer: Producer, store: Store, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send_many({**SEND, "id": one} for one in ("m0", "m1", "m2"))
    take_jobs()
    change("m0", to(State.DELIVERED))
    change("m1", to(State.UNDELIVERED))
    change("m2", to(State.UNDELIVERED))

    walk = selection.of_all(store)
    seen = list(islice(walk, 1))
    change("m1", to(State.DELIVERED))  # a late CONSEGNA: into a state that was walked before
    change("m2", to(State.DELIVERED))

    assert sorted([*seen, *walk]) == ["m0", "m1", "m2"]


def test_only_rejections_that_were_not_put_right_are_counted(
    producer: Producer, store: Store, take_jobs: TakeJobs
) -> None:
    for one in ("m0", "m1"):
        producer.send(one, **{**SEND, "account": "nobody"}, batch="b")
    producer.send("m2", **{**SEND, "account": "nobody"}, batch="another")
    take_jobs()
    producer.send("m1", **SEND, batch="b")
    take_jobs()

    assert selection.rejected_of(store, "b") == 1
