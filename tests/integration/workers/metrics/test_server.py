"""The exposition over real HTTP, with Redis there, away and silent."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from redis import Redis

from config.settings import Settings
from workers.metrics import definitions, server


@pytest.fixture(autouse=True)
def _counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(definitions.FOLDER, str(tmp_path))


@contextmanager
def serving(redis_url: str, host: str = "127.0.0.1") -> Iterator[str]:
    """The address of a server in this process."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        port = free.getsockname()[1]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    settings = Settings.model_validate({"redis_url": redis_url, "metrics_address": address})
    with server.listening(settings) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{address}"
        finally:
            httpd.shutdown()
            thread.join()


def test_the_figures_of_redis_are_read_at_the_scrape(redis: Redis, redis_url: str) -> None:
    with serving(redis_url) as url:
        assert "pec_jobs_waiting 0.0" in requests.get(f"{url}/metrics", timeout=5).text
        redis.xadd("pec:jobs", {"job": "{}"})
        answer = requests.get(f"{url}/metrics?x=1", timeout=5)

    assert "pec_jobs_waiting 1.0" in answer.text
    assert "pec_redis_up 1.0" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("path", ["/", "/metric", "/metrics/x"])
def test_elsewhere_is_nothing(redis_url: str, path: str) -> None:
    with serving(redis_url) as url:
        answer = requests.get(url + path, timeout=5)

    assert (answer.status_code, answer.text) == (404, "The metrics are at /metrics.\n")


def test_a_redis_that_is_away_or_silent_is_reported_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        for port in (1, silent.getsockname()[1]):
            with serving(f"redis://127.0.0.1:{port}/0") as url:
                asked_at = time.monotonic()
                answer = requests.get(f"{url}/metrics", timeout=10)
                took = time.monotonic() - asked_at

            assert answer.status_code == 200
            assert "pec_redis_up 0.0" in answer.text
            assert "pec_jobs_waiting" not in answer.text
            assert took < 5


def test_a_client_that_dawdles_holds_up_no_other(redis_url: str) -> None:
    with serving(redis_url) as url:
        host, port = url.removeprefix("http://").split(":")
        with closing(socket.create_connection((host, int(port)))) as dawdling:
            dawdling.sendall(b"GET /met")
            assert requests.get(f"{url}/metrics", timeout=5).ok


def test_ipv6_is_listened_on(redis_url: str) -> None:
    with serving(redis_url, host="::1") as url:
        assert requests.get(f"{url}/metrics", timeout=5).ok
