"""The site of a benchmark: the API, a Redis for each contender, and the contenders' processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import certifi
import requests
from redis import Redis

from bench import processes
from bench.monitor import Monitor
from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_program import die_with_parent
from sandbox.redis_server import EmbeddedServer

ROOT = Path(__file__).parents[1]
CERTIFICATE = ROOT / "tests" / "localhost.pem"
PEERS_PYTHON = Path(os.environ.get("BENCH_PEERS_PYTHON", ROOT / ".venv-bench" / "bin" / "python"))
EVENTS = [
    f"message.{state}" for state in ("queued", "sending", "sent", "accepted", "delivered")
]  # as peers report
SECRET = "whsec_" + "YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g="
START_SECONDS = 90.0
GRACE_SECONDS = 15.0  # ours may be followed by others on the same Redis, who must not find its work half done


def until(
    condition: Callable[[], Any], what: str, seconds: float = START_SECONDS, every: float = 0.05
) -> Any:
    """Return the condition's value once it is true. Raise TimeoutError."""
    ends = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(every)
    return found


class FakeApi:
    """The lean API, read through its reports."""

    def __init__(self, pid: int, url: str, tls_url: str) -> None:
        self._pid = pid
        self.url = url
        self.tls_url = tls_url
        self._session = requests.Session()

    def report(self, **since: int) -> dict[str, Any]:
        found: dict[str, Any] = self._session.get(
            f"{self.url}/_bench/report", params=since, timeout=60
        ).json()
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of its process, which takes the webhooks too."""
        return processes.cpu_seconds_of(self._pid)

    def send_times(self, token: str) -> list[float]:
        return [at for at, whose, _ in self.report(checks=10**9, hooks=10**9)["sends"] if whose == token]


@contextmanager
def fake_api(folder: Path, *, clock: bool = False, **options: tuple[float, float]) -> Iterator[FakeApi]:
    """`handshake`, `answers` (both of TLS), `acceptance`, `delivery`: seconds, from and to.

    `clock`: it goes before all other processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "api.ready"
    command = [sys.executable, "-m", "bench.api", "--ready", str(ready), "--certificate", str(CERTIFICATE)]
    command += [part for name, span in options.items() for part in (f"--{name}", *map(str, span))]
    command += ["--clock"] if clock else []
    process = spawn(command, folder / "api.log", {})
    with ended(process):
        yield FakeApi(
            process.pid, *until(lambda: ready.exists() and ready.read_text().split(), "the API starts")
        )


class Site:
    """One contender's Redis and processes."""

    def __init__(self, server: EmbeddedServer, folder: Path, api: FakeApi) -> None:
        self.server = server
        self.folder = folder
        self.api = api
        self.client: Redis = connect(server.url)
        self.store = Store(self.client, "pec")
        self._leaders: list[int] = []

    def environment(self, *, tls: bool) -> dict[str, str]:
        trusted = self.folder / "authorities.pem"
        trusted.write_text(Path(certifi.where()).read_text() + _certificate())
        return {
            "PYTHONPATH": str(ROOT),
            "BENCH_FOLDER": str(self.folder),
            "BENCH_CERTIFICATE": str(trusted),
            "BENCH_REDIS": self.server.url,
            "BENCH_API": self.api.tls_url if tls else self.api.url,
        }

    @contextmanager
    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        grace_seconds: float = 0,
        log: str = "workers.log",
    ) -> Iterator[int]:
        """Its leader's process id."""
        process = spawn(command, self.folder / log, environment)
        self._leaders.append(process.pid)
        try:
            with ended(process, grace_seconds):
                yield process.pid
        finally:
            self._leaders.remove(process.pid)

    @contextmanager
    def workers(
        self,
        accounts: Mapping[str, str],
        settings: Mapping[str, str],
        *,
        tls: bool = False,
        processes: int = 2,
        threads: int = 8,
    ) -> Iterator[int]:
        """Ours, with these accounts and their tokens. Yields once they take jobs."""
        environment = {**self.environment(tls=tls), **self.settings(accounts, tls=tls), **settings}
        command = [sys.executable, "-m", "bench.worker_master"]
        command += ["--processes", str(processes), "--threads", str(threads)]
        self.client.delete("pec:seen:worker")
        with self.run(command, environment, GRACE_SECONDS) as leader:
            until(lambda: self.client.zcard("pec:seen:worker") >= processes, "workers start")
            yield leader

    def settings(self, accounts: Mapping[str, str], *, tls: bool = False) -> dict[str, str]:
        """Return the settings of ours, with these accounts and their tokens."""
        url = f"{self.api.url}/hook/{self.folder.name}"
        endpoint = {"name": "crm", "url": url, "secret": SECRET, "events": EVENTS}
        settings = {
            "PEC_REDIS_URL": self.server.url,
            "PEC_API__URL": self.api.tls_url if tls else self.api.url,
            "PEC_WEBHOOKS__ENDPOINTS": json.dumps([endpoint]),
            "PEC_WEBHOOKS__ALLOW_PRIVATE": "true",
            "PEC_LOG_LEVEL": "warning",
            "PEC_LOG_JSON": "true",
        }
        for name, token in accounts.items():
            prefix = f"PEC_ACCOUNTS__{name.upper()}"
            settings |= {f"{prefix}__SENDER": address(name), f"{prefix}__USERNAME": address(name)}
            settings |= {f"{prefix}__PASSWORD": "bench", f"{prefix}__TOKEN": token}
        return settings

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds of the contender's processes and of its Redis."""
        workers = sum(map(processes.cpu_seconds, self._leaders))
        return {"workers": workers, "redis": processes.cpu_seconds_of(self.server.pid or 0)}

    def memory_bytes(self) -> dict[str, int]:
        """Return those of the workers, and those of Redis without the buffers of its clients and of its disk."""
        workers = sum(map(processes.memory_bytes, self._leaders))
        server = self.client.info("memory")
        buffers = int(server["mem_clients_normal"]) + int(server["mem_aof_buffer"])
        return {"workers": workers, "redis": int(server["used_memory"]) - buffers}

    def monitor(self) -> Monitor:
        return Monitor(int(self.server.url.rpartition(":")[2].partition("/")[0]))


@contextmanager
def site(folder: Path, api: FakeApi) -> Iterator[Site]:
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(folder / "redis", port=0))
        made = Site(server, folder, api)
        stack.callback(made.client.close)
        yield made


def send_job(number: int | str, account: str = "a0", **fields: Any) -> str:
    """Return a job of the contract."""
    job = {
        "type": "send",
        "id": f"m{number}",
        "account": account,
        "recipient": f"r{number}@pec.example",
        "subject": f"Comunicazione n. {number}",
        "body": "<p>Gentile cliente, in allegato la comunicazione.</p>",
        **fields,
    }
    return json.dumps(job)


def put(made: Site, count: int, first: int = 0, account: str = "a0") -> None:
    """Add jobs to the stream, as any app does."""
    with made.client.pipeline(transaction=False) as pipeline:
        for number in range(first, first + count):
            pipeline.xadd("pec:jobs", {"job": send_job(number, account)})
        pipeline.execute()


def address(account: str) -> str:
    return f"{account}@pec.example"


def spawn(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    base = {name: value for name, value in os.environ.items() if not name.startswith(("PEC_", "BENCH_"))}
    base.setdefault("PYTHONPATH", str(ROOT))
    with log.open("ab") as written:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env={**base, **environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )


@contextmanager
def ended(process: "subprocess.Popen[bytes]", grace_seconds: float = 0) -> Iterator[None]:
    """With its whole session, in the end: at once, where nothing that it holds is needed any more."""
    try:
        yield
    finally:
        if grace_seconds:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_seconds)
        process.kill()  # first, so that it starts no process in place of a killed one
        for pid in list(processes.session(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)


def _certificate() -> str:
    text = CERTIFICATE.read_text()
    begins = text.index("-----BEGIN CERTIFICATE")
    return (
        "\n"
        + text[begins : text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")]
        + "\n"
    )
