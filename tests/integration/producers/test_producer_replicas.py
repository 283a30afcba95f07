"""A job is in once replicas have it: otherwise the producer says so, and the same job again is harmless."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.redis_connection import RedisUnreachable, connect
from producers import Producer
from tests.sentinels import Node, sentinels
from tests.wire import eventually

JOB = ("inv-1", "acme", "consegna@pec.example", "Fattura", "<p>Salve</p>")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """A primary and its replica, without Sentinels."""
    with ExitStack() as stack:
        primary = Node(tmp_path / "primary", "--repl-diskless-sync-delay", "0")
        replica = Node(tmp_path / "replica")
        for node, options in ((primary, ()), (replica, ("--replicaof", f"127.0.0.1 {primary.port}"))):
            stack.callback(node.kill)
            node.start(*options)
        eventually(lambda: primary.ask("WAIT", "1", "100"))
        yield primary, replica


def test_a_job_that_the_replica_has_is_in(pair: tuple[Node, Node]) -> None:
    primary, replica = pair
    with Producer(f"redis://127.0.0.1:{primary.port}/0", replicas=1) as producer:
        producer.send(*JOB)

    assert replica.ask("XLEN", "pec:jobs") == 1


def test_a_job_that_too_few_replicas_have_is_not_said_to_be_in(pair: tuple[Node, Node]) -> None:
    primary, replica = pair
    replica.kill()
    with Producer(f"redis://127.0.0.1:{primary.port}/0", replicas=1) as producer:
        with pytest.raises(RedisUnreachable, match="on 0 of 1 replicas") as raised:
            producer.send(*JOB)
        replica.start("--replicaof", f"127.0.0.1 {primary.port}")
        eventually(lambda: primary.ask("WAIT", "1", "100"))
        producer.send(*JOB)

    assert "again with the same ids" in str(raised.value)


def test_by_sentinels_a_job_counts_when_both_replicas_have_it_or_the_missing_one_is_gone(
    tmp_path: Path,
) -> None:
    with sentinels(tmp_path) as ha, Producer(ha.url, replicas=1) as producer, connect(ha.url) as client:
        producer.send(*JOB)
        assert [one.ask("XLEN", "pec:jobs") for one in ha.servers] == [1, 1, 1]

        ha.servers[1].kill()
        eventually(lambda: _is_in(producer))
        assert client.xlen("pec:jobs") >= 2

        ha.servers[2].kill()
        assert not _is_in(producer)


def _is_in(producer: Producer) -> bool:
    try:
        producer.send("inv-2", *JOB[1:])
    except RedisUnreachable:
        return False
    return True
