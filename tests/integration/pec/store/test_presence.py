"""Which workers live, as Redis remembers it."""

from typing import Any

from pec.store import presence
from pec.store.store import Store


def test_workers_that_were_killed_are_forgotten_after_a_day(store: Store) -> None:
    presence.vouch(store, {"worker": ["killed"]}, -presence.WORKERS_REMEMBERED_SECONDS - 1)
    presence.vouch(store, {"worker": ["lives"]}, 30)

    assert store.client.zrange(store.keys.seen("worker"), 0, -1) == [b"lives"]


def test_only_what_a_live_worker_serves_is_vouched_for(store: Store) -> None:
    presence.vouch(store, {"account": ["gone"], "endpoint": []}, -1)
    presence.vouch(store, {"account": ["acme"]}, 30)

    assert presence.vouched(store, "account") == {"acme"}
    assert presence.vouched(store, "endpoint") == set()


def test_an_installation_has_one_id_until_redis_loses_it(store: Store) -> None:
    first = presence.vouch(store, {"worker": ["w1"]}, 30).installation
    assert presence.vouch(store, {"worker": ["w2"]}, 30).installation == first

    store.client.flushdb()

    assert presence.vouch(store, {"worker": ["w1"]}, 30).installation != first


def test_what_is_said_of_a_worker_goes_with_it(store: Store) -> None:
    presence.vouch(store, {"worker": ["w1"]}, 30, {"host": "h", "pid": "7"})

    assert presence.workers(store) == {"w1": {"host": "h", "pid": "7"}}
    ends_in: Any = store.client.ttl(store.keys.worker("w1"))
    assert 0 < ends_in <= 30
