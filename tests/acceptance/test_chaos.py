"""A short version of `make chaos`: real processes under faults that a seed decides, and no harm done."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.redis_server import EmbeddedServer
from tests.chaos import conductor, deaths, outage, report
from tests.chaos.network import Network
from tests.chaos.observation import Observation
from tests.chaos.plan import plan
from tests.chaos.power import FragileServer, NoCompiler
from tests.chaos.redis_proxy import RedisProxy
from tests.chaos.run import run
from tests.chaos.settling import settled
from tests.chaos.world import port_of
from tests.wire import eventually

SEEDS = [1, 48]  # a failover to a replica; a server that loses its power, and is read-only
SECONDS = 6.0  # in which faults begin; `make chaos` takes 16
MESSAGES = 60


def _seeds() -> list[int]:
    """One more from the environment: `SEED=17 pytest tests/acceptance/test_chaos.py`."""
    return [*SEEDS, *([int(os.environ["SEED"])] if "SEED" in os.environ else [])]


@pytest.mark.parametrize("seed", _seeds())
def test_no_harm_is_done_under_the_faults_of_a_seed(seed: int, tmp_path: Path) -> None:
    result = run(plan(seed, MESSAGES, seconds=SECONDS), tmp_path)

    assert not result.harmed, "\n".join(report.evidence(result))
    assert result.kills >= 2


def test_an_event_that_workers_drop_is_reported_as_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From end to end: what the checker is shown must hold what it needs."""
    monkeypatch.setattr(conductor, "settled", _nothing_is_lost)
    quiet = replace(plan(1, 12, seconds=1.5), faults=(), answers={}, failover=False)

    result = run(quiet, tmp_path, CHAOS_UNPUBLISHED="message.sent")

    assert any("which no event reports" in one for one in result.harms["webhooks missing"])
    assert result.harms["lost"] == []


def _nothing_is_lost(
    look: Callable[[], Observation], step: Callable[[], object], patience_seconds: float
) -> tuple[Observation, dict[str, list[str]]]:
    """Look until every message has its end, though other harm never goes."""
    ends = time.monotonic() + patience_seconds
    while True:
        seen, harms = settled(look, step, 1.0)
        if not harms["lost"] or time.monotonic() > ends:
            return seen, harms


def test_a_death_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """How much time it costs is for `make chaos`: a busy machine is slow for other reasons."""
    found = deaths.measure(tmp_path, kills=1)

    assert not found.harmed, "\n".join(found.lines())
    assert len(found.idle_intervals) == 2  # of each token


def test_an_outage_of_the_api_loses_and_repeats_nothing(tmp_path: Path) -> None:
    result = outage.outage(tmp_path, "silence", messages=100, seconds=2)

    assert not result.harmed, "\n".join(report.evidence(result))
    assert 0 < result.uncertain <= outage.MAX_UNCERTAIN


def test_what_is_done_to_redis_counts_once_a_client_met_it(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, port=0) as server, Network() as network:
        proxy = RedisProxy(port_of(server))
        network.run(proxy.start())
        direct = redis.Redis.from_url(server.url)
        client = redis.Redis(port=proxy.port, retry=Retry(NoBackoff(), 0))

        direct.config_set("maxmemory", "1mb")
        assert not proxy.met
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("k", "v")
        direct.config_set("maxmemory", "0")
        direct.replicaof("127.0.0.1", "1")
        with pytest.raises(redis.exceptions.ReadOnlyError):
            client.set("k", "v")
        direct.replicaof("NO", "ONE")
        client.set("k", "v")
        network.run(proxy.cut())
        client.get("k")  # over a new connection
        server.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            client.get("k")
        direct.close()
        client.close()
        network.run(proxy.stop())

        assert +proxy.met == Counter(OOM=1, READONLY=1, cut=1, gone=proxy.met["gone"])
        assert proxy.met["gone"] in (1, 2)  # its connection, and the one it tried next


def test_power_loss_costs_nothing_with_appendfsync_always(tmp_path: Path) -> None:
    assert _lost_with("always", tmp_path) == 0


def test_power_loss_costs_what_was_acknowledged_with_everysec(tmp_path: Path) -> None:
    """The reason for the recommended setting, and the proof that the test above can fail."""
    assert _lost_with("everysec", tmp_path) > 0


def _lost_with(policy: str, folder: Path) -> int:
    """How many of the acknowledged jobs are gone after a loss of power."""
    with _fragile(folder) as server:
        client = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))
        client.config_set("appendfsync", policy)
        acknowledged: list[Any] = []

        def produce() -> None:
            try:
                while True:
                    acknowledged.append(client.xadd("pec:jobs", {"job": "x" * 100}))
            except redis.RedisError:
                return

        producing = threading.Thread(target=produce)
        producing.start()
        eventually(lambda: len(acknowledged) > 500)
        server.lose_power()
        producing.join()
        server.start()
        kept: Any = client.xrange("pec:jobs")
        client.close()
    return len(set(acknowledged) - {entry for entry, _ in kept})


def _fragile(folder: Path) -> FragileServer:
    try:
        return FragileServer(folder)
    except NoCompiler as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs a C compiler: {missing}")
        pytest.skip(str(missing))
