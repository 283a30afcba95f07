"""Which workers live, as Redis remembers it."""

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
