"""A client of Sentinels follows the primary, and counts only what every possible next primary has."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from config.redis_connection import REDIS_ERRORS, RedisUnreachable, address, check, connect, server_address
from config.replica_wait import replica_wait
from tests.sentinels import Sentinels, sentinels
from tests.wire import eventually

READ_SECONDS = 90.0  # for a failover on a busy machine, and a read after it


@pytest.fixture(scope="module")
def ha(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    """Servers that all tests of this module use, each with whichever primary is left."""
    with sentinels(tmp_path_factory.mktemp("ha")) as found:
        yield found


def test_the_primary_is_found_and_its_next_database_is_another(ha: Sentinels) -> None:
    with connect(ha.url) as client, connect(ha.url[:-1] + "1") as broker:
        check(client)
        client.set("a", "1")

        assert broker.get("a") is None
        assert server_address(client) == f"redis://127.0.0.1:{ha.primary().port}/0"
        assert address(client) == ha.url


def test_a_name_that_no_sentinel_knows_is_reported_with_the_remedy(ha: Sentinels) -> None:
    other = ha.url.replace("/pec/", "/other/")
    with connect(other) as client, pytest.raises(RedisUnreachable, match="unknown name") as raised:
        check(client)

    assert "correct the name of the primary in PEC_REDIS_URL" in str(raised.value)


def test_a_plain_url_waits_for_the_number_alone(redis: redis.Redis) -> None:
    wait = replica_wait(redis, 1)

    assert (wait.count, wait.is_over(1), wait.is_over(0)) == (1, True, False)


def test_with_one_replica_left_out_a_write_does_not_count(ha: Sentinels) -> None:
    with connect(ha.url) as client:
        wait = replica_wait(client, 1)

        assert (wait.count, wait.is_over(2), wait.is_over(1), wait.is_over(0)) == (2, True, False, False)


def test_a_replica_that_is_out_of_reach_is_not_waited_for(ha: Sentinels) -> None:
    replica = next(one for one in ha.servers if one is not ha.primary())
    with connect(ha.url) as client:
        replica.kill()

        eventually(lambda: _counts(client, "gone", 1))
    replica.start()


def test_a_planned_failover_loses_nothing_that_counted_and_the_client_follows(ha: Sentinels) -> None:
    """The former primary goes on taking writes, acknowledged by the other replica."""
    ha.wait_until_ready()
    former = ha.primary()
    with connect(ha.url) as client, ThreadPoolExecutor(1) as threads:
        counted = threads.submit(_write_until_followed, client, former.port)
        ha.fail_over()
        kept, refused = counted.result(60)
        stored = {int(one) for one in client.smembers("kept")}

    assert refused
    assert kept <= stored


def test_no_idle_connection_stays_with_a_primary_that_is_cut_off(ha: Sentinels) -> None:
    ha.wait_until_ready()
    server = ha.primary()
    with connect(ha.url) as client:
        pool = client.connection_pool
        idle = [pool.get_connection(), pool.get_connection()]
        for connection in idle:
            pool.release(connection)
        server.ask("CONFIG", "SET", "min-replicas-to-write", "9")
        try:
            with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
                client.set("a", "1")

            assert sum(one.is_connected for one in idle) <= 1  # the one that was refused
        finally:
            server.ask("CONFIG", "SET", "min-replicas-to-write", "0")


def _write_until_followed(client: redis.Redis, former: int) -> tuple[set[int], int]:
    """Return which numbers counted, until some did at the new primary, and how many did not."""
    kept, refused, number, ends = set[int](), 0, 0, time.monotonic() + 40
    left = 50
    while left:
        assert time.monotonic() < ends
        number += 1
        try:
            if _counts(client, "kept", number):
                kept.add(number)
                left -= str(former) not in server_address(client)
            else:
                refused += 1
        except REDIS_ERRORS:
            refused += 1
    return kept, refused


def _counts(client: redis.Redis, key: str, number: int) -> bool:
    wait = replica_wait(client, 1)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.sadd(key, number)
        pipeline.wait(wait.count, 200)
        return wait.is_over(int(pipeline.execute()[-1]))


def test_a_command_without_answer_is_repeated_at_the_next_primary(ha: Sentinels) -> None:
    """A host that vanished, or stopped, leaves a connection that looks healthy."""
    ha.wait_until_ready()
    former = ha.primary()
    with connect(ha.url, timeout_seconds=1) as client:
        client.set("a", "1")
        former.signal(signal.SIGSTOP)
        try:
            client.set("a", "2")

            assert str(former.port) not in server_address(client)
            assert client.get("a") == b"2"
        finally:
            former.signal(signal.SIGCONT)


def test_a_read_that_waits_wakes_up_at_the_next_primary(ha: Sentinels) -> None:
    with connect(ha.url) as client, ThreadPoolExecutor(1) as threads:
        eventually(lambda: client.info("replication")["connected_slaves"])
        waiting = threads.submit(_read_until_there, client)
        former = ha.primary()
        former.kill()
        eventually(lambda: ha.primary() is not former)
        with connect(ha.url) as producer:
            producer.xadd("jobs", {"job": "1"})

        assert waiting.result(READ_SECONDS)
        assert str(former.port) not in server_address(client)


def _read_until_there(client: redis.Redis) -> object:
    ends = time.monotonic() + READ_SECONDS
    while time.monotonic() < ends:
        try:
            if found := client.xread({"jobs": "0"}, block=2000):
                return found
        except REDIS_ERRORS:
            continue
    raise AssertionError("it never woke up")
