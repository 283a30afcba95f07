"""Gateway: requests and messages that it accepts in a second, how soon it answers, the cost of uploads and listeners.

Its processes, Redis, the workers and the client share the machine. An answer of 201 or 202 says that the job is on the
disk of Redis (`appendfsync always`). The peer is `Producer` in one process, which writes the same jobs without HTTP.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench import processes
from bench.figures import Figure, Outcome, percentile
from bench.gateway_client import ACCOUNT, FILE_BYTES, MANY, Scenario
from bench.site import ROOT, Site, fake_api, site, until
from pec.operations.people.tokens import create_token
from pec.tokens import SCOPES

SENDS, RATED_SENDS, BATCHES = 1_500, 750, 40
WARM = 100  # requests before those that are measured, so that every process has begun
RATE = 50  # requests a second, beside a worker
UPLOADS, UPLOAD_BYTES = 50, 20_000_000
LISTENERS, LISTENERS_OF_TOKEN, LISTEN_SECONDS = 500, 20, 32.0
WORKER = {"PEC_API__RATE": "20", "PEC_QUOTA__INTERVAL_SECONDS": "86400"}


def run(folder: Path, *, quick: bool = False) -> Outcome:
    small = 25 if quick else 1
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder))
        made = stack.enter_context(site(folder / "ours", api))
        with gateway(made, 2) as (_, url):
            _client(made, url, Scenario("send", 8 * WARM // small, 8))
            sends = _client(made, url, Scenario("send", SENDS // small, 8))
            made.client.flushall()
            many = _client(made, url, Scenario("many", max(2, BATCHES // small), 4))
            made.client.flushall()
            with made.workers({ACCOUNT: "token"}, WORKER, processes=1):
                _client(made, url, Scenario("send", WARM // small, 8, RATE))
                rated = _client(made, url, Scenario("send", RATED_SENDS // small, 32, RATE))
            made.client.flushall()
        producer = _producer(made, SENDS // small)
        made.client.flushall()
        producer_many = _producer(made, MANY * max(2, BATCHES // small), many=True)
        made.client.flushall()
        with gateway(made, 1) as (pid, url):
            _client(
                made, url, Scenario("upload", UPLOADS // small, UPLOADS // small, size=UPLOAD_BYTES // small)
            )
            memory = max(map(processes.peak_bytes, processes.session(pid)))
        made.client.flushall()
        with gateway(made, 1) as (pid, url):
            listeners = _listeners_share(made, pid, url, LISTENERS // small, LISTEN_SECONDS / small)
    file = f"{FILE_BYTES // 1000} kB"
    return Outcome(
        [
            Figure(
                f"POST /send with a file of {file}, acknowledged a second", "requests/s",
                sends.a_second, {"Producer": producer}, "≥ 150",
                note="two processes of the gateway; Producer is one process that sends without HTTP",
            ),
            Figure(
                f"seconds of a POST /send with a file of {file}, at the 99th percentile", "s",
                percentile(rated.seconds, 99), target="≤ 0.25", better="less",
                note=f"{RATE} a second, beside a worker that takes and sends them; from when each was due",
            ),
            Figure("the same, the median", "s", percentile(rated.seconds, 50), better="less"),
            Figure(
                f"POST /v1/messages/batch, {MANY:,} a call, messages acknowledged a second", "messages/s",
                many.a_second * MANY, {"Producer": producer_many}, "≥ 5,000",
            ),
            Figure(
                f"most memory of a process, {UPLOADS} uploads of {UPLOAD_BYTES // 1_000_000} MB at once", "MB",
                memory / 1e6, target="≤ 200", better="less",
            ),
            Figure(
                f"CPU of a process with {LISTENERS} idle listeners", "share of a core",
                listeners, target="≤ 0.05", better="less",
            ),
        ]
    )  # fmt: skip


@contextmanager
def gateway(made: Site, count: int) -> Iterator[tuple[int, str]]:
    """Yield the process id and the address of a gateway of so many processes."""
    log = made.folder / f"gateway-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "cli", "gateway", "--port", "0", "--workers", str(count)]
    with made.run(command, made.settings({ACCOUNT: "token"}), log=log.name) as pid:
        yield pid, until(lambda: re.search(r"https?://\S+", log.read_text()), "the gateway starts")[0]


class _Measured:
    """The times that a client measured."""

    def __init__(self, seconds: list[float], elapsed: float) -> None:
        self.seconds = seconds
        self.a_second = len(seconds) / elapsed


def _client(made: Site, url: str, scenario: Scenario) -> _Measured:
    """Run the client in a process of its own. It ends with an error unless every request is accepted."""
    command = [sys.executable, "-m", "bench.gateway_client", url, _token(made), *scenario.arguments()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    return _Measured(found["seconds"], found["elapsed"])


def _token(made: Site) -> str:
    name = f"bench-{time.monotonic_ns()}"
    made_token = create_token(
        made.store, name, SCOPES, [ACCOUNT], rate=100_000, expires_at=None, actor="bench"
    )
    return made_token.text


def _producer(made: Site, count: int, *, many: bool = False) -> float:
    """Return the messages that one process adds in a second by the Python API."""
    command = [sys.executable, "-m", "bench.gateway_client", made.server.url, "", "producer", str(count)]
    done = subprocess.run(
        [*command, "many" if many else "one"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return count / float(done.stdout)


def _listeners_share(made: Site, pid: int, url: str, count: int, seconds: float) -> float:
    address = urlsplit(url)
    with ExitStack() as stack:
        token = ""
        for number in range(count):
            if number % LISTENERS_OF_TOKEN == 0:
                token = _token(made)
            line = stack.enter_context(
                socket.create_connection((address.hostname or "", address.port or 0), 30)
            )
            head = f"GET /v1/events/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"
            line.sendall(head.encode())
            if not line.recv(1024).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("a listener was refused")
        before, since = processes.cpu_seconds(pid), time.monotonic()
        time.sleep(seconds)
        return (processes.cpu_seconds(pid) - before) / (time.monotonic() - since)
