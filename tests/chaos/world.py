"""The world of a run: server, sandbox, proxies, receivers and machines with worker processes. It draws nothing."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from imapclient import IMAPClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.redis_server import EmbeddedServer
from tests.chaos.api_proxy import ApiProxy
from tests.chaos.campaign import ACCOUNTS
from tests.chaos.machine import Machine, eventually, state_of
from tests.chaos.network import Network
from tests.chaos.power import FragileServer, NoCompiler
from tests.chaos.receivers import Receivers
from tests.chaos.redis_proxy import RedisProxy

ROOT = Path(__file__).parents[2]
RATE = 25.0
MARGIN_SECONDS = 0.003
LEASE_SECONDS = 2.0
TIMEOUT_SECONDS = 1.0
SECRET = "whsec_" + "Y2hhb3MgY2hhb3MgY2hhb3MgY2hhb3MgY2hhb3M="
TOKENS = {"acme": "token-one", "beta": "token-one", "gamma": "token-two"}
STEADY, MOODY, INSIDE = "steady", "moody", "inside"  # webhook endpoints
INSIDE_EVENTS = ["batch.completed", "message.refused"]  # a batch with a held message never completes
BY_IMAP = ("acme", "beta")  # accounts; the mailboxes of the others are read by the API alone
FILED_IN = "Ricevute"  # the folder into which rules move mails
FOLDERS = json.dumps(["INBOX", FILED_IN])
ANCHORS = "sandbox-ca.pem"
QUOTA_MB = 40  # of each mailbox: that of gamma, from which nothing is deleted, holds all of its receipts
GRACE_SECONDS = 1.0  # after the end of a message, until its receipts may leave the mailbox
SETTINGS = {
    "PEC_API__RATE": str(RATE),
    "PEC_API__MARGIN_SECONDS": str(MARGIN_SECONDS),
    "PEC_API__TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "PEC_API__CONNECT_TIMEOUT_SECONDS": "1",
    "PEC_API__IN_FLIGHT": "8",
    "PEC_API__READ_RATE": "200",
    "PEC_API__MIN_BYTES_PER_SECOND": "2000000",
    "PEC_RECEIPTS__BACKOFF_SECONDS": "[0.3, 0.5, 0.7, 1]",
    "PEC_RECEIPTS__DEADLINE_SECONDS": "8",
    "PEC_RECEIPTS__WARNING_AGE_SECONDS": "2.2",
    "PEC_RECEIPTS__LATE_INTERVAL_SECONDS": "1",
    "PEC_RECEIPTS__LATE_PERIOD_SECONDS": "120",
    "PEC_UNCERTAIN__LOOKUP_SECONDS": "[1, 2, 3]",
    "PEC_UNCERTAIN__HELD_INTERVAL_SECONDS": "1",
    "PEC_UNCERTAIN__HELD_PERIOD_SECONDS": "120",
    "PEC_LEASE_SECONDS": str(LEASE_SECONDS),
    "PEC_QUOTA__INTERVAL_SECONDS": "2",
    "PEC_MAILBOX__PURGE": "archived",
    "PEC_MAILBOX__PURGE_GRACE_SECONDS": str(GRACE_SECONDS),
    "PEC_WEBHOOKS__TIMEOUT_SECONDS": "2",
    "PEC_WEBHOOKS__BACKOFF_SECONDS": "[0.3, 0.6, 1, 1, 6, 1, 1, 1]",
    "CHAOS_SCALE": "10",  # the circuit waits for 0.5 s to 30 s
    "PEC_LOG_LEVEL": "info",
    "PEC_LOG_JSON": "true",
}


def bare_environment() -> dict[str, str]:
    """Return the environment without settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PEC_", "CHAOS_"))}


def account_settings() -> dict[str, str]:
    """Return the settings of all accounts."""
    found = {}
    for name in ACCOUNTS:
        prefix = f"PEC_ACCOUNTS__{name.upper()}"
        found[f"{prefix}__SENDER"] = sender(name)
        found[f"{prefix}__USERNAME"] = name
        found[f"{prefix}__PASSWORD"] = "chaos"
        found[f"{prefix}__TOKEN"] = TOKENS[name]
    return found


def interval_seconds(rate: float) -> float:
    """Between two sends of one token: PEC_API__MARGIN_SECONDS counts up to 2 % of an interval."""
    return 1 / rate + min(MARGIN_SECONDS, 0.02 / rate)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The addresses of the provider."""

    url: str
    imap_port: int


class World:
    """Everything but the faults. `producer` and `operator` see Redis without the proxy."""

    def __init__(
        self,
        folder: Path,
        network: Network,
        server: EmbeddedServer,
        replica: EmbeddedServer | None,
        sandbox: Sandbox,
        api: ApiProxy,
    ) -> None:
        self.folder = folder
        self.network = network
        self.server = server
        self.replica = replica
        self.sandbox_url = sandbox.url
        self.imap_port = sandbox.imap_port
        self.archive = folder / "archive"
        self.by_imap = list(BY_IMAP)
        self.endpoints: dict[str, list[str] | None] = {STEADY: None, MOODY: None, INSIDE: INSIDE_EVENTS}
        self.api = api
        self.redis_proxy = RedisProxy(port_of(server))
        self.receivers = Receivers(SECRET)
        self.machines: list[Machine] = []
        # From when on the replica got nothing, and when it took over (monotonic).
        self.parted: tuple[float, float] | None = None
        self.continued: list[float] = []  # when worker processes that were found stopped went on (monotonic)
        self._clients: list[Redis] = []
        self.client = self._client()

    def open_doors(self) -> None:
        for door in (self.redis_proxy, self.receivers):
            self.network.run(door.start())

    def add_machines(
        self, skews_seconds: tuple[int, ...], processes: tuple[int, ...], **settings: str
    ) -> None:
        for number, (skew, many) in enumerate(zip(skews_seconds, processes, strict=True)):
            environment = {**self._environment(), **settings, "CHAOS_SKEW_SECONDS": str(skew)}
            self.machines.append(Machine(f"machine{number}", many, self.folder, environment))

    def start_machines(self) -> None:
        for machine in self.machines:
            machine.start()
        eventually(lambda: all(machine.workers() for machine in self.machines), "workers start")

    def part_replica(self) -> None:
        """Cut the replica off: it keeps its data, and gets no more."""
        assert self.replica
        with Redis(host="127.0.0.1", port=port_of(self.replica)) as client:
            client.replicaof("127.0.0.1", "1")
        self.parted = time.monotonic(), math.inf

    def fail_over(self) -> None:
        """The primary is gone; its replica takes over, and it comes back as a replica of that."""
        assert self.replica
        self.server.kill()
        self.server, self.replica = self.replica, self.server
        self.client.close()
        self.client = self._client()
        self.client.replicaof("NO", "ONE")
        self.parted = self.parted and (self.parted[0], time.monotonic())
        self.redis_proxy.target = port_of(self.server)
        self.network.run(self.redis_proxy.cut())
        self.replica.start()
        follow(self.replica, self.server)

    def go_on(self, pid: int) -> None:
        """SIGCONT, to a process that was stopped: it may have died since."""
        if state_of(pid) == "T":
            self.continued.append(time.monotonic())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def send_directly(self, account: str, pec: dict[str, Any]) -> str:
        """A PEC that none of ours sends. Returns its code. Raises requests.RequestException."""
        headers = {
            "authorization": f"Bearer {TOKENS[account]}",
            "x-username": account,
            "x-password": "chaos",
        }
        pec = {**pec, "sender": sender(account), "username": account, "password": "chaos"}
        answer = requests.post(f"{self.sandbox_url}/send", json=pec, headers=headers, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["message_id"])

    def sent(self) -> list[dict[str, Any]]:
        """Return the PECs that the API sent."""
        found: Any = requests.get(f"{self.sandbox_url}/_sandbox/sent", timeout=30).json()
        return list(found)

    def asked_of_sandbox(self, path: str) -> Any:
        """Return what the sandbox lists at one of its own addresses."""
        return requests.get(f"{self.sandbox_url}/_sandbox/{path}", timeout=30).json()

    def make(self, path: str, **fields: Any) -> None:
        """Make something happen at one of the sandbox's own addresses. Raises requests.RequestException."""
        requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=fields, timeout=30).raise_for_status()

    def close(self) -> None:
        for machine in self.machines:
            machine.kill_all()
        for client in self._clients:
            client.close()
        for stop in (self.redis_proxy.stop, self.receivers.stop, self.api.refuse):
            self.network.run(stop())

    def _client(self) -> Redis:
        client = Redis(
            host="127.0.0.1", port=port_of(self.server), socket_timeout=5, retry=Retry(NoBackoff(), 0)
        )
        self._clients.append(client)
        return client

    def _environment(self) -> dict[str, str]:
        redis = f"redis://127.0.0.1:{self.redis_proxy.port}"
        base = bare_environment()
        settings = {
            **SETTINGS,
            "PYTHONPATH": str(ROOT),
            "CHAOS_FOLDER": str(self.folder),
            "CHAOS_API_PORT": str(self.api.port),
            "dramatiq_worker_timeout": "250",
            "PEC_REDIS_URL": f"{redis}/0",
            "PEC_REDIS_REPLICAS": "1" if self.replica else "0",
            "PEC_API__URL": f"http://127.0.0.1:{self.api.port}",
            "PEC_WEBHOOKS__ENDPOINTS": json.dumps(self._endpoints()),
        }
        settings |= {
            "PEC_ARCHIVE__URL": str(self.archive),
            "PEC_ARCHIVE__ANCHORS": str(self.folder / ANCHORS),
        }
        for name in BY_IMAP:
            imap = {"HOST": "127.0.0.1", "PORT": str(self.imap_port), "TLS": "false", "FOLDERS": FOLDERS}
            settings |= {f"PEC_ACCOUNTS__{name.upper()}__IMAP__{key}": value for key, value in imap.items()}
        return base | settings | account_settings()

    def _endpoints(self) -> list[dict[str, Any]]:
        port = self.receivers.port
        return [
            {"name": STEADY, "url": f"http://127.0.0.1:{port}/{STEADY}", "secret": SECRET},
            {"name": MOODY, "url": f"http://127.0.0.1:{port}/{MOODY}", "secret": SECRET},
            {
                "name": INSIDE,
                "url": f"http://inside.chaos.test:{port}/{INSIDE}",
                "secret": SECRET,
                "events": INSIDE_EVENTS,
            },
        ]


@contextmanager
def world(
    folder: Path,
    options: Mapping[str, str],
    answers: Mapping[str, Mapping[int, str]],
    mangled: bool = False,
    replica: bool = False,
) -> Iterator[World]:
    """All that runs beside the workers. Called from the main thread: the server ends with it."""
    for name in ("armed", "faults", "pids"):
        (folder / name).mkdir(parents=True)
    with ExitStack() as stack:
        server = stack.enter_context(_server(folder / "redis"))
        second = stack.enter_context(EmbeddedServer(folder / "replica", port=0)) if replica else None
        if second:
            follow(second, server)
        provider = stack.enter_context(sandbox(folder, options))
        for name in BY_IMAP:
            _make_folder(provider, name)
        network = stack.enter_context(Network())
        api = ApiProxy(provider.url, answers, mangled)
        for name in ACCOUNTS:
            api.know(name, sender(name))
        network.run(api.start())
        found = World(folder, network, server, second, provider, api)
        stack.callback(found.close)
        found.open_doors()
        yield found


def _server(folder: Path) -> EmbeddedServer:
    """One that can lose its power, where there is a compiler to make it so."""
    try:
        return FragileServer(folder)
    except NoCompiler:
        return EmbeddedServer(folder, port=0)


@contextmanager
def sandbox(folder: Path, options: Mapping[str, str]) -> Iterator[Sandbox]:
    """The provider's API and mailboxes, as a process."""
    ready = folder / "sandbox.url"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--ready-file", str(ready), "--rate", "1000"]
    command += ["--imap-port", "0", "--anchor-file", str(folder / ANCHORS), "--quota-mb", str(QUOTA_MB)]
    command += ["--acceptance-delay", "0.1", "--delivery-delay", "0.3", "--hour", "0.1"]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    command += [part for token in sorted(set(TOKENS.values())) for part in ("--token", token)]
    command += [part for name in ACCOUNTS for part in ("--mailbox", f"{sender(name)}:{name}:chaos")]
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        urls = eventually(lambda: ready.exists() and ready.read_text().split(), "the sandbox starts")
        yield Sandbox(urls[0], int(urls[1].rpartition(":")[2]))
    finally:
        process.terminate()
        process.wait(10)


def _make_folder(provider: Sandbox, account: str) -> None:
    with IMAPClient("127.0.0.1", provider.imap_port, ssl=False) as client:
        client.login(account, "chaos")
        client.create_folder(FILED_IN)


def follow(replica: EmbeddedServer, primary: EmbeddedServer) -> None:
    """Returns once the replica has all that the primary has."""
    with Redis(host="127.0.0.1", port=port_of(replica)) as client:
        client.replicaof("127.0.0.1", str(port_of(primary)))
        eventually(
            lambda: client.info("replication").get("master_link_status") == "up", "the replica follows"
        )


def sender(account: str) -> str:
    return f"{account}@pec.example"


def port_of(server: EmbeddedServer) -> int:
    return int(server.url.rpartition(":")[2].partition("/")[0])


def drawn(found: Sequence[Any], draw: float) -> Sequence[Any]:
    """The one that a draw in [0, 1) points to, if there is any: a draw is rounded, to 1 at worst."""
    return found[min(int(draw * len(found)), len(found) - 1) :][:1]
