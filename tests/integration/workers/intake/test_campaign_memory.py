"""A campaign of different files that is larger than Redis goes through an archive, and leaves little in Redis."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from pec.store import heartbeat
from pec.store.store import Store
from producers import Producer, room
from producers import producer as producer_module
from tests.integration.workers.archiving import a_file, archived, intake
from workers.context import WorkerContext

COUNT = 200  # files of 200 kB: 40 MB
MEMORY_BYTES = 20_000_000
AIM_BYTES = 7_000  # of Redis for each PEC


@pytest.fixture
def small_redis(redis: Redis) -> Iterator[Redis]:
    redis.config_set("maxmemory", str(MEMORY_BYTES))
    yield redis
    redis.config_set("maxmemory", "0")


def used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def test_files_larger_than_redis_go_through_it(
    ctx: WorkerContext, small_redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with_archive = archived(ctx, tmp_path / "archive")
    heartbeat.beat(ctx.store, {"account": ["acme"]}, 60)
    before, most, done = used(small_redis), 0, threading.Event()

    def produce() -> None:
        with Producer(redis_url) as producer:
            producer.send_many(
                {
                    "id": f"m{number}",
                    "account": "acme",
                    "recipient": "consegna@pec.example",
                    "subject": f"S {number}",
                    "body": f"<p>Gentile cliente {number}",
                    "attachments": [("a.pdf", a_file())],
                }
                for number in range(COUNT)
            )
        done.set()

    producing = threading.Thread(target=produce)
    producing.start()
    taker = intake(with_archive)
    while not done.is_set() or small_redis.xlen("pec:jobs"):
        assert producing.is_alive() or done.is_set(), "the producer ran out of room"
        most = max(most, used(small_redis))
        taker.step()
    producing.join()

    assert small_redis.zcard("pec:lane:acme") == COUNT
    assert most < MEMORY_BYTES
    assert list(small_redis.scan_iter("pec:upload:*", count=1000)) == []
    assert (used(small_redis) - before) / COUNT < AIM_BYTES


def test_without_a_worker_that_makes_room_a_producer_waits_once_and_goes_on(
    small_redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "GIVE_UP_SECONDS", 0.1)
    small_redis.config_set("maxmemory", str(used(small_redis) + 22_000_000))
    waits = list[bool]()

    def noted(store: Store) -> bool:
        waits.append(room.wait_for_room(store))
        return waits[-1]

    monkeypatch.setattr(producer_module, "wait_for_room", noted)
    job = {"account": "acme", "recipient": "x@pec.example", "subject": "S", "body": "<p>"}

    with Producer(redis_url) as producer:
        producer.send_many(
            {**job, "id": f"m{number}", "attachments": [("a.pdf", a_file(1_000_000))]} for number in range(20)
        )

    assert waits[-1] is False
    assert waits.count(False) == 1
