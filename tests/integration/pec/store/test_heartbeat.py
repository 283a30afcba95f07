"""Which workers live, as Redis remembers it."""

from typing import Any

from pec.store import heartbeat
from pec.store.store import Store


def test_workers_that_were_killed_are_forgotten_after_a_day(store: Store) -> None:
    heartbeat.beat(store, {"worker": ["killed"]}, -heartbeat.WORKERS_REMEMBERED_SECONDS - 1)
    heartbeat.beat(store, {"worker": ["lives"]}, 30)

    assert store.client.zrange(store.keys.seen("worker"), 0, -1) == [b"lives"]


def test_only_what_a_live_worker_serves_is_live(store: Store) -> None:
    heartbeat.beat(store, {"account": ["gone"], "endpoint": []}, -1)
    heartbeat.beat(store, {"account": ["acme"]}, 30)

    assert heartbeat.live(store, "account") == {"acme"}
    assert heartbeat.live(store, "endpoint") == set()


def test_an_installation_has_one_id_until_redis_loses_it(store: Store) -> None:
    first = heartbeat.beat(store, {"worker": ["w1"]}, 30).installation
    assert heartbeat.beat(store, {"worker": ["w2"]}, 30).installation == first

    store.client.flushdb()

    assert heartbeat.beat(store, {"worker": ["w1"]}, 30).installation != first


def test_what_is_said_of_a_worker_goes_with_it(store: Store) -> None:
    heartbeat.beat(store, {"worker": ["w1"]}, 30, {"host": "h", "pid": "7"})

    assert heartbeat.workers(store) == {"w1": {"host": "h", "pid": "7"}}
    ends_in: Any = store.client.ttl(store.keys.worker("w1"))
    assert 0 < ends_in <= 30


def test_a_worker_learns_how_many_do_the_same_work(store: Store) -> None:
    def beat(worker: str, accounts: str, seconds: float = 30) -> int:
        return heartbeat.beat(
            store, {"worker": [worker]}, seconds, {"queues": "send", "accounts": accounts}
        ).alike

    assert beat("w1", "acme") == 1
    assert beat("w2", "acme") == 2
    assert beat("w3", "beta") == 1
    beat("w2", "acme", -1)
    assert beat("w1", "acme") == 1, "the other is dead"


def test_workers_that_do_the_same_work_have_places_of_their_own(store: Store) -> None:
    def place(worker: str, accounts: str = "acme") -> int:
        about = {"queues": "send", "accounts": accounts}
        return heartbeat.beat(store, {"worker": [worker]}, 30, about).place

    for worker in ("w1", "w2", "w3"):
        place(worker)
    place("w0", "beta")

    assert [place(worker) for worker in ("w3", "w1", "w2")] == [2, 0, 1]


def test_a_beat_brings_the_history_of_writes(store: Store) -> None:
    info: Any = store.client.info("replication")

    history = heartbeat.beat(store, {"worker": ["w1"]}, 30).history

    assert history.id == info["master_replid"]
    assert history.former == f"{info['master_replid2']:040}", "redis-py takes noughts for a number"
    assert history.own_from == info["second_repl_offset"]
    assert history.offset >= info["master_repl_offset"]
