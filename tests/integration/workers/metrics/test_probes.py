"""`/healthz`, `/readyz` and `/installation` over real HTTP, with Redis there, away, silent, and without a database."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from pec.names import Queue
from pec.store import heartbeat
from pec.store.store import Store
from tests.sentinels import Node

Serve = Callable[..., str]
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def pulse(folder: Path) -> Path:
    """Return the pulse of a worker process, which has just beaten."""
    file = folder / "7.pulse"
    file.touch()
    return file


@pytest.fixture
def registered(store: Store) -> None:
    """A worker process of this machine, which serves everything."""
    seen = {"worker": ["w1"], "queue": [str(queue) for queue in Queue]}
    heartbeat.beat(store, seen, 60, {"host": socket.gethostname(), "pid": str(os.getpid())})


def asked(url: str, path: str) -> tuple[int, str]:
    answer = requests.get(url + path, timeout=30)
    return answer.status_code, answer.text


@pytest.mark.usefixtures("pulse")
def test_a_worker_is_alive_though_redis_is_away(serve: Serve) -> None:
    url = serve(redis_url=NOWHERE)

    assert asked(url, "/healthz") == (200, "ok\n")
    code, text = asked(url, "/readyz")
    assert code == 503
    assert "Redis at redis://127.0.0.1:1/0 can't be used (Connection refused)" in text


def test_a_process_that_is_silent_or_hangs_is_named(serve: Serve, pulse: Path) -> None:
    url = serve(redis_url=NOWHERE)

    os.utime(pulse, (0, 0))
    code, text = asked(url, "/healthz")
    assert code == 503
    assert text.startswith("the worker process 7 has had no pulse for ")
    pulse.write_text("intake scheduler")
    assert asked(url, "/healthz") == (503, "the worker process 7 hangs in intake scheduler\n")
    pulse.unlink()
    assert asked(url, "/healthz") == (503, "no worker process has a pulse\n")


@pytest.mark.usefixtures("pulse", "registered")
def test_a_worker_that_redis_knows_is_ready(serve: Serve, redis_url: str, store: Store) -> None:
    url = serve(redis_url=redis_url)

    assert asked(url, "/readyz") == (200, "ok\n")
    assert requests.get(f"{url}/readyz", timeout=30).headers["Pec-Workers"] == "1"
    assert asked(url, "/installation") == (200, "ok\n")
    store.client.flushall()
    assert asked(url, "/readyz") == (503, f"Redis knows no live worker process of {socket.gethostname()}\n")
    assert asked(url, "/installation") == (503, "no worker is alive\n")


@pytest.mark.usefixtures("registered")
def test_a_worker_without_a_pulse_is_not_ready(serve: Serve, redis_url: str) -> None:
    assert asked(serve(redis_url=redis_url), "/readyz") == (503, "no worker process has a pulse\n")


@pytest.mark.usefixtures("pulse")
def test_silence_is_answered_in_time(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        url = serve(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        asked_at = time.monotonic()

        assert asked(url, "/healthz") == (200, "ok\n")
        assert asked(url, "/readyz")[0] == 503
        assert asked(url, "/installation")[0] == 503
        assert time.monotonic() - asked_at < 8


@pytest.mark.usefixtures("pulse")
def test_without_dramatiqs_database_a_worker_is_not_ready(serve: Serve, tmp_path: Path) -> None:
    node = Node(tmp_path / "node", "--databases", "1")
    node.start()
    try:
        code, text = asked(serve(redis_url=f"redis://127.0.0.1:{node.port}/0"), "/readyz")
    finally:
        node.kill()

    assert code == 503
    assert f"redis://127.0.0.1:{node.port}/1" in text
    assert "PEC_BROKER_URL" in text
