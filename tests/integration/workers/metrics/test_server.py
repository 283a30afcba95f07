"""The exposition over real HTTP, with Redis there, away and silent."""

import socket
import time
from collections.abc import Callable
from contextlib import closing

import pytest
import requests
from redis import Redis

Serve = Callable[..., str]


def test_the_figures_of_redis_are_read_at_the_scrape(serve: Serve, redis: Redis, redis_url: str) -> None:
    url = serve(redis_url=redis_url)
    assert "pec_jobs_waiting 0.0" in requests.get(f"{url}/metrics", timeout=30).text
    redis.xadd("pec:jobs", {"job": "{}"})
    answer = requests.get(f"{url}/metrics?x=1", timeout=30)

    assert "pec_jobs_waiting 1.0" in answer.text
    assert "pec_redis_up 1.0" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("path", ["/", "/metric", "/metrics/x"])
def test_elsewhere_is_nothing(serve: Serve, redis_url: str, path: str) -> None:
    answer = requests.get(serve(redis_url=redis_url) + path, timeout=30)

    assert (answer.status_code, answer.text) == (404, "The metrics are at /metrics.\n")


def test_a_redis_that_is_away_or_silent_is_reported_in_time(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        for port in (1, silent.getsockname()[1]):
            url = serve(redis_url=f"redis://127.0.0.1:{port}/0")
            asked_at = time.monotonic()
            answer = requests.get(f"{url}/metrics", timeout=30)
            took = time.monotonic() - asked_at

            assert answer.status_code == 200
            assert "pec_redis_up 0.0" in answer.text
            assert "pec_jobs_waiting" not in answer.text
            assert took < 5


def test_a_client_that_dawdles_holds_up_no_other(serve: Serve, redis_url: str) -> None:
    url = serve(redis_url=redis_url)
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)))) as dawdling:
        dawdling.sendall(b"GET /met")
        assert requests.get(f"{url}/metrics", timeout=30).ok


def test_ipv6_is_listened_on(serve: Serve, redis_url: str) -> None:
    url = serve("[::1]", redis_url=redis_url)
    assert requests.get(f"{url}/metrics", timeout=30).ok
