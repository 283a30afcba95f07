"""docker-compose.yml in action: each service's own command, environment and health check, run as processes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServerError, server_program
from tests.acceptance.containers import Containers, Process, containers, kill
from tests.acceptance.image import Image
from tests.acceptance.site import eventually


@pytest.fixture
def site(image: Image, tmp_path: Path) -> Iterator[Containers]:
    with containers(image, tmp_path) as found:
        yield found


@pytest.fixture
def redis(site: Containers) -> Iterator[Redis]:
    """Return the URL of the site's own server, once it is healthy."""
    site.start("redis")
    eventually(lambda: site.is_healthy("redis"))
    with connect(site.redis_url) as client:
        yield client


@pytest.fixture
def sandbox(site: Containers) -> Process:
    process = site.start("sandbox")
    eventually(lambda: site.is_healthy("sandbox"))
    return process


def put(redis: Redis, message_id: str) -> None:
    job = {
        "type": "send",
        "id": message_id,
        "account": "acme",
        "recipient": f"consegna+{message_id}@pec.example",
    }
    redis.xadd("pec:jobs", {"job": json.dumps({**job, "subject": "Avviso", "body": "<p>Salve</p>"})})


def state(redis: Redis, message_id: str) -> str:
    found: Any = redis.hget(f"pec:message:{message_id}", "state")
    return (found or b"").decode()


def workers(redis: Redis) -> int:
    return len(list(redis.scan_iter("pec:worker:*")))


def sent(site: Containers) -> list[str]:
    """Each recipient that a PEC really went to."""
    found: Any = requests.get(f"{site.sandbox_url}/_sandbox/sent", timeout=30).json()
    return [recipient for one in found for recipient in one["recipients"]]


def test_redis_is_as_durable_as_it_must_be_and_its_check_reports_when_it_is_gone(site: Containers) -> None:
    server = site.start("redis")
    eventually(lambda: site.is_healthy("redis"))
    with connect(site.redis_url) as client:
        settings: Any = client.config_get("append*", "maxmemory*", "save")
        client.set("claim", "on disk")
        kill(server)
        assert not site.is_healthy("redis")

        server = site.start("redis")
        eventually(lambda: site.is_healthy("redis"))
        assert client.get("claim") == b"on disk"

    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "always")
    assert (settings["maxmemory-policy"], settings["save"]) == ("noeviction", "")
    assert int(settings["maxmemory"]) > 0
    assert site.stop("redis", server) == 0


def test_a_newcomer_sends_a_pec_and_every_check_distinguishes_the_living_from_the_dead(
    site: Containers, redis: Redis, sandbox: Process
) -> None:
    assert not site.is_healthy("worker")
    worker = site.start("worker")
    eventually(lambda: site.is_healthy("worker"))
    put(redis, "first")
    eventually(lambda: state(redis, "first") == "delivered")

    assert 'pec_sends_total{outcome="sent"} 1.0' in requests.get(site.metrics_url, timeout=30).text
    doctor = site.run("worker", "pec", "doctor")
    assert doctor.returncode == 0, doctor.stdout
    kill(worker)
    eventually(lambda: not site.is_healthy("worker"), seconds=20)
    assert workers(redis) > 0, "it is reported dead though its registration stands for 30 s"
    kill(sandbox)
    assert not site.is_healthy("sandbox")


def test_workers_are_scaled_up_and_drained_with_nothing_lost_and_nothing_sent_twice(
    site: Containers, redis: Redis, sandbox: Process
) -> None:
    ids = [f"m{number}" for number in range(8)]
    first = site.start("worker")
    for message_id in ids:
        put(redis, message_id)
    second = site.start("worker")
    eventually(lambda: workers(redis) == 4)
    eventually(lambda: len(sent(site)) >= 3)

    assert site.stop("worker", first) == 0
    assert workers(redis) == 2
    assert site.is_healthy("worker")
    eventually(lambda: all(state(redis, one) == "delivered" for one in ids), seconds=60)
    assert sorted(sent(site)) == [f"consegna+{one}@pec.example" for one in ids]
    assert site.stop("worker", second) == 0
    assert not site.is_healthy("worker")


@pytest.fixture(autouse=True, scope="module")
def _server_program() -> None:
    try:
        server_program()
    except EmbeddedServerError as error:
        pytest.skip(str(error))
