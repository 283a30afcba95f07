"""`pec health` as a probe: cheap beside a worker that serves HTTP, bounded in time, and never deceived by another's."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.probe import INSTALLATION, WORKERS, installation
from pec.store import heartbeat
from pec.store.store import Store
from tests.integration.commands import Pec
from tests.sentinels import Node

WITHOUT_LIBRARIES = """
import json, sys
from cli import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted({"redis", "pydantic", "dramatiq"} & set(sys.modules))]))
"""


@contextmanager
def worker(monkeypatch: pytest.MonkeyPatch, of: str, problem: str = "") -> Iterator[list[str]]:
    """A worker's HTTP server of the installation `of`, whose address is in the settings. Yields what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503 if problem else 200)
            self.send_header(WORKERS, "2")
            self.send_header(INSTALLATION, of)
            self.end_headers()
            self.wfile.write(problem.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("PEC_METRICS_ADDRESS", f"0.0.0.0:{server.server_port}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield asked
        server.shutdown()


@pytest.mark.parametrize(
    ("options", "path"), [((), "/installation"), (("--local",), "/readyz")], ids=["everywhere", "here"]
)
def test_beside_a_worker_it_loads_no_library_to_say_that_all_is_well(
    options: tuple[str, ...], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    with worker(monkeypatch, installation("redis://127.0.0.1:1/0", "pec")) as asked:
        ran = subprocess.run(
            [sys.executable, "-c", WITHOUT_LIBRARIES, "health", *options],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    assert asked == [path]
    assert json.loads(ran.stdout) == [0, []]
    assert ran.stderr == "healthy: 2 worker processes\n"


def test_the_worker_of_another_installation_is_not_believed(
    pec: Pec, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worker(monkeypatch, installation(redis_url, "another")) as asked:
        assert pec("health").code == 4
        assert pec("health", "--local").code == 4
    assert asked == ["/installation", "/readyz"]


def test_what_the_worker_of_this_machine_lacks_is_shown(
    pec: Pec, store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat.beat(store, {"worker": ["w1"]}, 60, {"host": socket.gethostname(), "pid": str(os.getpid())})
    with worker(monkeypatch, installation(redis_url, "pec"), "the worker process 7 hangs in intake\n"):
        ran = pec("health", "--local")

    assert (ran.code, ran.err) == (4, "pec: the worker process 7 hangs in intake\n")


@pytest.mark.parametrize("options", [(), ("--local",)], ids=["everywhere", "here"])
def test_a_redis_that_never_answers_is_given_up_in_time(
    pec: Pec, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        monkeypatch.setenv("PEC_REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        ran = pec("health", *options)

    assert ran.code == 4
    assert "can't be used" in ran.err
    assert time.monotonic() - began < 9


def test_a_database_that_is_missing_is_noticed_everywhere(
    pec: Pec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(tmp_path / "node", "--databases", "1")
    node.start()
    try:
        monkeypatch.setenv("PEC_REDIS_URL", f"redis://127.0.0.1:{node.port}/0")
        with node.client() as client:
            heartbeat.beat(Store(client, "pec"), {"worker": ["w1"]}, 60, {"host": "h", "pid": "7"})
        health, status, as_json = pec("health"), pec("status"), pec("status", "--json")
    finally:
        node.kill()

    said = f"Dramatiq's database redis://127.0.0.1:{node.port}/1 can't be used (DB index is out of range)"
    assert health.code == 4
    assert said in health.err
    assert "PEC_BROKER_URL" in health.err
    assert said in status.err
    assert said in as_json.lines[0]["standing_still"][0]["what"]
