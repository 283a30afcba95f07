"""Hints on their way from the queue to a thread."""

import threading
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
from dramatiq.broker import Consumer
from dramatiq.errors import ConnectionClosed
from redis import Redis

from config.redis_connection import connect
from pec.names import Queue
from sandbox.redis_server import EmbeddedServer
from tests.forwarder import Forwarder, forwarding
from tests.wire import eventually
from workers import broker as broker_module
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


def hint(broker: HintBroker, member: str) -> dramatiq.Message[Any]:
    found: dramatiq.Message[Any] = broker.get_actor(Queue.CHECK).message(member)
    return found


def test_a_hint_handed_over_is_run_without_a_command_of_redis() -> None:
    away = HintBroker(lambda _: 2, lambda _: True, client=connect("redis://127.0.0.1:1"), middleware=[])
    dramatiq.actor(actor_name=Queue.CHECK, queue_name=Queue.CHECK, broker=away)(lambda _: None)
    consumer = away.consume(Queue.CHECK, timeout=NOT_AT_ALL)

    for member in ("inv-1", "inv-2"):
        away.hand_over(hint(away, member))
    held = [taken(consumer), taken(consumer)]
    consumer.ack(held[0])
    consumer.nack(held[1])

    assert [one.args for one in held] == [("inv-1",), ("inv-2",)]
    assert away.room(Queue.CHECK) == 4


def test_there_is_room_for_what_threads_can_run_and_for_as_many_tasks_beside_them(broker: HintBroker) -> None:
    assert broker.room(Queue.CHECK) == 0, "nobody here would run it"
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    broker.consume(Queue.SEND, timeout=NOT_AT_ALL)
    assert (broker.room(Queue.CHECK), broker.room(Queue.SEND)) == (4, 2)

    for number in range(4):
        broker.hand_over(hint(broker, f"inv-{number}"))
    assert broker.room(Queue.CHECK) == 0

    held = [taken(consumer), taken(consumer)]
    assert next(consumer) is None, "two may run"
    assert broker.room(Queue.CHECK) == 0
    consumer.ack(held[0])
    assert broker.room(Queue.CHECK) == 1
    assert taken(consumer).args == ("inv-2",)


def test_a_process_that_ends_gives_its_hints_to_another(broker: HintBroker) -> None:
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    for member in ("inv-1", "inv-2", "inv-3"):
        broker.hand_over(hint(broker, member))
    given = [taken(consumer)]
    broker.get_actor(Queue.CHECK).send("inv-4")

    consumer.requeue(given)
    consumer.close()

    other = HintBroker(lambda _: 9, lambda _: True, client=broker.client, middleware=[])
    taking = other.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    found = sorted(taken(taking).args[0] for _ in range(4))
    assert found == ["inv-1", "inv-2", "inv-3", "inv-4"]


def test_hints_handed_over_outlive_a_consumer_that_lost_redis(losing: tuple[HintBroker, Forwarder]) -> None:
    broker, way = losing
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    broker.hand_over(hint(broker, "inv-1"))

    way.swallows = True
    consumer.close()  # as Dramatiq does

    assert taken(broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)).args == ("inv-1",)


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


def test_hints_move_also_when_memory_is_full(broker: HintBroker, redis: Redis) -> None:
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    redis.config_set("maxmemory", "1")
    try:
        give(broker, "inv-1", "inv-2")
        consumer.ack(taken(consumer))
        consumer.nack(taken(consumer))
    finally:
        redis.config_set("maxmemory", "0")

    assert left(broker) == (0, 0)


def test_a_script_of_dramatiq_that_has_changed_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"requirements-run\.lock"):
        bounded("return 1")


@pytest.fixture
def losing() -> Iterator[tuple[HintBroker, Forwarder]]:
    """A broker whose commands are not repeated, and the way on which its answers can be lost."""
    with (
        EmbeddedServer(port=0) as server,
        forwarding(server.url) as way,
        connect(way.url, timeout_seconds=0.5, retries=0) as client,
    ):
        made = HintBroker(lambda _: 2, lambda _: True, client=client, middleware=[])
        dramatiq.actor(actor_name=Queue.CHECK, queue_name=Queue.CHECK, broker=made)(lambda _: None)
        yield made, way


def waiting(broker: HintBroker) -> int:
    """Return how many hints wait in Redis for a process."""
    return int(broker.client.llen("dramatiq:check"))


def left(broker: HintBroker) -> tuple[int, int]:
    """Return how many hints Dramatiq keeps, and how many of them this process has fetched."""
    fetched = broker.client.scard(f"dramatiq:__acks__.{broker.broker_id}.check")
    return broker.client.hlen("dramatiq:check.msgs"), fetched


@pytest.mark.parametrize("end", ["ack", "nack"])
def test_an_end_without_an_answer_is_reported_so_that_dramatiq_tries_again(
    end: str, losing: tuple[HintBroker, Forwarder]
) -> None:
    broker, way = losing
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    give(broker, "inv-1", "inv-2", "inv-3")
    held = taken(consumer)
    taken(consumer)

    way.swallows = True
    with pytest.raises(ConnectionClosed):
        getattr(consumer, end)(held)
    way.swallows = False
    assert next(consumer) is None  # its thread still has it

    getattr(consumer, end)(held)
    assert taken(consumer).args == ("inv-3",)
    assert left(broker) == (2, 2)


def test_hints_whose_fetching_got_no_answer_come_back(losing: tuple[HintBroker, Forwarder]) -> None:
    broker, way = losing
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    give(broker, "inv-1", "inv-2")

    way.swallows = True
    with pytest.raises(ConnectionClosed):
        next(consumer)
    way.swallows = False
    assert waiting(broker) == 0

    again = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)  # as Dramatiq makes one
    assert next(again) is None
    found = [taken(again), taken(again)]
    assert {one.args for one in found} == {("inv-1",), ("inv-2",)}
    for one in found:
        again.ack(one)
    assert left(broker) == (0, 0)


def test_hints_whose_fetching_was_repeated_come_back_to_a_consumer_at_rest(
    losing: tuple[HintBroker, Forwarder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats a command that got no answer without an error."""
    monkeypatch.setattr(broker_module, "LOST_SECONDS", 0.0)
    broker, _ = losing
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    give(broker, "inv-1", "inv-2", "inv-3")
    broker.do_fetch(Queue.CHECK, 2)
    held = taken(consumer)
    assert held.args == ("inv-3",)

    assert next(consumer) is None

    assert (waiting(broker), left(broker)) == (2, (3, 1))


def test_giving_back_without_an_answer_is_an_error_that_dramatiq_knows(
    losing: tuple[HintBroker, Forwarder],
) -> None:
    broker, way = losing
    consumer = broker.consume(Queue.CHECK, timeout=NOT_AT_ALL)
    give(broker, "inv-1")
    held = taken(consumer)

    way.swallows = True
    with pytest.raises(ConnectionClosed):
        consumer.requeue([held])
