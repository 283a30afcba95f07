"""The process `pec console`: it prints its address, serves, and stops gently; what can't be used is said in words."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from console.__main__ import Server

ROOT = Path(__file__).parents[3]
CERTIFICATE = str(ROOT / "tests" / "localhost.pem")  # holds the key, too
SECONDS = 60


@contextmanager
def running(redis_url: str, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command until the block ends. Yields the process, and the first line that it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "console", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, "PEC_REDIS_URL": redis_url, "PEC_API__TOKEN": "token", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.usefixtures("redis")
def test_it_serves_and_a_signal_stops_it(redis_url: str) -> None:
    with running(redis_url) as (process, url):
        assert requests.get(f"{url}/health", timeout=SECONDS).json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS) in (0, -signal.SIGTERM)


def test_no_work_is_begun_once_it_stops() -> None:
    stopped = threading.Event()
    config = uvicorn.Config(FastAPI(), port=0, lifespan="off", log_config=None, ws="none")
    server = Server(config, stopped.set)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()

    assert not stopped.is_set()
    server.should_exit = True

    assert stopped.wait(SECONDS)
    thread.join(SECONDS)


@pytest.mark.usefixtures("redis", "people")
def test_with_a_certificate_cookies_are_for_https_alone(redis_url: str) -> None:
    with running(redis_url, "--tls-cert", CERTIFICATE, "--tls-key", CERTIFICATE) as (_, url):
        assert url.startswith("https://")
        answer = requests.get(f"{url}/login", timeout=SECONDS, verify=CERTIFICATE)

    assert answer.headers["set-cookie"].startswith("__Host-pec_browser=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.usefixtures("redis")
def test_a_connection_that_says_nothing_is_closed(redis_url: str) -> None:
    with running(redis_url) as (_, url):
        address = urlsplit(url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=SECONDS) as silent:
            assert silent.recv(1) == b""


def test_a_redis_that_is_away_is_said_by_pages_and_one_probe_until_it_is_back() -> None:
    with running("redis://127.0.0.1:1/0") as (_, url):
        answer = requests.get(f"{url}/", timeout=SECONDS)
        assert requests.get(f"{url}/health", timeout=SECONDS).status_code == 503
        assert requests.get(f"{url}/health/live", timeout=SECONDS).ok

    assert answer.status_code == 503
    assert "Redis" in answer.text


@pytest.mark.parametrize(
    ("environment", "options", "words"),
    [
        ({"PEC_CONSOLE__TRUSTED_HEADER": "X-Remote-User"}, (), "TRUSTED_PROXIES"),
        ({}, ("--tls-cert", CERTIFICATE), "need each other"),
    ],
)
def test_what_can_t_be_used_is_said_in_words(
    redis_url: str, environment: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    with running(redis_url, *options, **environment) as (process, _):
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(SECONDS) == 2

    assert words in said
    assert "Traceback" not in said


def test_a_port_in_use_is_named_once(redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        with running(redis_url, "--port", port) as (process, _):
            assert process.stderr
            said = process.stderr.read()
            assert process.wait(SECONDS) == 2

    assert said == f"can't listen on 127.0.0.1, port {port} (Address already in use): choose another --port\n"
