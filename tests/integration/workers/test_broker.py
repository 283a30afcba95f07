"""Hints on their way from the queue to a thread."""

import threading
from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq.broker import Consumer
from redis import Redis

from config.redis_connection import connect
from pec.names import Queue
from tests.wire import eventually
from workers.broker import HintBroker, HintConsumer, ThreadLimits, bounded

FOR_EVER, NOT_AT_ALL = 60_000, 1  # milliseconds that a consumer rests


@pytest.fixture
def broker(redis: Redis, redis_url: str) -> Iterator[HintBroker]:
    """Two messages of each queue may be held."""
    client = connect(redis_url)
    made = HintBroker(lambda _: 2, lambda _: True, client=client, middleware=[])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=made)(lambda _: None)
    yield made
    client.close()


def give(broker: HintBroker, *members: str) -> None:
    for member in members:
        broker.get_actor(Queue.CHECK).send(member)


def taken(consumer: Consumer) -> dramatiq.MessageProxy:
    found = next(consumer)
    assert found
    return found


def test_a_hint_given_by_this_process_is_fetched_at_once(broker: HintBroker) -> None:
    consumer = broker.consume(Queue.CHECK, timeout=FOR_EVER)
    fetched: list[dramatiq.MessageProxy] = []

    def fetch() -> None:
        while not fetched:
            fetched.extend(one for one in [next(consumer)] if one)

    fetching = threading.Thread(target=fetch, daemon=True)
    fetching.start()
    give(broker, "inv-1")

    eventually(lambda: [one.args for one in fetched] == [("inv-1",)])
    fetching.join(10)


def test_hints_beyond_a_kind_s_share_stay_in_their_queue_until_one_ends(broker: HintBroker) -> None:
    consumer = broker.consume(Queue.CHECK, prefetch=16, timeout=NOT_AT_ALL)
    give(broker, "inv-1", "inv-2", "inv-3", "inv-4")

    held = [taken(consumer), taken(consumer)]
    assert next(consumer) is None
    another = HintBroker(lambda _: 1, lambda _: True, client=broker.client, middleware=[])
    assert taken(another.consume(Queue.CHECK, timeout=NOT_AT_ALL)).args == ("inv-3",)

    consumer.ack(held[0])
    consumer.nack(held[1])
    assert taken(consumer).args == ("inv-4",)


def test_an_end_wakes_a_consumer_that_held_all_it_may(broker: HintBroker) -> None:
    consumer = broker.consume(Queue.CHECK, timeout=FOR_EVER)
    give(broker, "inv-1", "inv-2", "inv-3")
    held = [taken(consumer), taken(consumer)]
    next(consumer)  # the hints woke it once
    resting = threading.Thread(target=lambda: next(consumer), daemon=True)
    resting.start()

    consumer.ack(held[0])

    resting.join(10)
    assert not resting.is_alive()
    assert taken(consumer).args == ("inv-3",)


def test_an_end_wakes_a_consumer_that_took_all_it_may_while_it_was_reported(broker: HintBroker) -> None:
    consumer = broker.consume(Queue.CHECK, timeout=FOR_EVER)
    give(broker, "inv-1", "inv-2", "inv-3")
    first = taken(consumer)
    assert isinstance(consumer, HintConsumer)
    ack = consumer._fetching.ack

    def slowly(message: dramatiq.MessageProxy) -> None:
        ack(message)
        taken(consumer)
        next(consumer)  # the hints woke it once; from now on it rests

    consumer._fetching.ack = slowly  # type: ignore[method-assign]
    consumer.ack(first)

    assert taken(consumer).args == ("inv-3",)


def test_a_consumer_made_again_counts_what_still_runs(broker: HintBroker) -> None:
    lost = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    give(broker, "inv-1", "inv-2", "inv-3")
    held = [taken(lost), taken(lost)]

    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    assert next(consumer) is None

    consumer.ack(held[0])
    assert taken(consumer).args == ("inv-3",)


def test_no_delay_queue_is_consumed(broker: HintBroker) -> None:
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        assert set(worker.consumers) == set(Queue)
    finally:
        worker.stop()


@pytest.mark.parametrize(("threads", "most"), [(8, {"check": 4, "webhook": 2, "send": 8}), (1, {"check": 1})])
def test_a_kind_s_share_is_of_the_process_s_threads_and_at_least_one(
    threads: int, most: dict[str, int], broker: HintBroker
) -> None:
    shares = ThreadLimits()
    shares.before_worker_boot(broker, dramatiq.Worker(broker, worker_threads=threads))

    assert {queue: shares.limit(queue) for queue in most} == most


def test_hints_of_a_dead_process_come_back_without_a_scan_of_the_database(
    broker: HintBroker, redis: Redis
) -> None:
    """Dramatiq shares the database with messages, where KEYS would stop everything."""
    dead = HintBroker(lambda _: 2, lambda _: True, client=broker.client, middleware=[])
    give(broker, "inv-1")
    taken(dead.consume(Queue.CHECK, timeout=NOT_AT_ALL))
    redis.zadd("dramatiq:__heartbeats__", {dead.broker_id: 1})
    redis.config_resetstat()

    live = HintBroker(
        lambda _: 2, lambda _: True, client=broker.client, middleware=[], maintenance_chance=1_000_000
    )
    consumer = live.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    assert [one.args for one in (next(consumer), next(consumer)) if one] == [("inv-1",)]
    assert redis.zscore("dramatiq:__heartbeats__", dead.broker_id) is None
    assert "cmdstat_keys" not in redis.info("commandstats")


def test_a_script_of_dramatiq_that_has_changed_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"requirements-run\.lock"):
        bounded("return 1")
