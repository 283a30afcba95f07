"""A cluster or a Sentinel in place of a server is refused in words by everything that connects."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from config.redis_connection import RedisUnreachable, connect
from config.redis_failover import WrongServer
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.pec.operations.doctor.servers import running, sentinel
from tests.integration.producing import SEND

CLUSTER = "it runs in cluster mode, which keeps keys on several servers"
SENTINEL = "it is a Sentinel, which holds no data"


def cluster(folder: Path) -> AbstractContextManager[str]:
    return running(folder, "--cluster-enabled", "yes", "--cluster-port", "1")


@pytest.fixture(params=[(cluster, CLUSTER), (sentinel, SENTINEL)], ids=["cluster", "sentinel"])
def wrong(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URL of a server that is none of ours, and what is said of it."""
    start: Callable[[Path], AbstractContextManager[str]] = request.param[0]
    with start(tmp_path) as url:
        yield url, request.param[1]


def test_a_client_refuses_it_at_once(wrong: tuple[str, str]) -> None:
    url, words = wrong
    with connect(url) as client, pytest.raises(WrongServer, match=words):
        client.get("x")


def test_a_producer_refuses_it(wrong: tuple[str, str]) -> None:
    url, words = wrong
    with Producer(url) as producer, pytest.raises(RedisUnreachable, match=words):
        producer.send("inv-1", **SEND)


def test_the_command_line_refuses_it(
    wrong: tuple[str, str], pec: Pec, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, words = wrong
    monkeypatch.setenv("PEC_REDIS_URL", url)

    for command in ("status", "health", "doctor", "list"):
        ran = pec(command)
        assert words in ran.out + ran.err
        assert ran.code == 4


def run_worker(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "workers"],
        env={**os.environ, "PEC_REDIS_URL": url},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_worker_does_not_start(wrong: tuple[str, str], tmp_path: Path) -> None:
    url, words = wrong
    ran = run_worker(url, tmp_path)

    assert ran.returncode == 2
    assert words in ran.stderr


def test_a_worker_does_not_start_without_info(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        with connect(url) as client:
            client.acl_setuser("pec", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"])
        ran = run_worker(f"{url}&username=pec&password=x", tmp_path)

    assert ran.returncode == 5
    assert ran.stderr.startswith("INFO is refused by Redis (")
