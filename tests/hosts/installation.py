"""The processes and their hosts: workers, servers of Redis, Sentinels, the API and a consumer, each with a host."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from redis import Redis

from config.redis_connection import connect
from tests.chaos.api_proxy import ApiProxy
from tests.chaos.campaign import ACCOUNTS
from tests.chaos.machine import Machine, eventually
from tests.chaos.network import Network as Doors
from tests.chaos.receivers import Receivers
from tests.chaos.world import (
    ROOT,
    SECRET,
    SETTINGS,
    STEADY,
    account_settings,
    bare_environment,
    sandbox,
    sender,
)
from tests.hosts.names import NameServer
from tests.hosts.network import Host, Network
from tests.sentinels import Place, Sentinels

WORKERS, SERVERS, SENTINELS = ("w1", "w2", "w3"), ("r1", "r2", "r3"), ("s1", "s2", "s3")
API, HOOK, DOMAIN = "api", "hook", "hosts.test"
REDIS_PORT, SENTINEL_PORT, API_PORT, HOOK_PORT = 6379, 26379, 8080, 8081
DOWN_AFTER_MS = 5000
LEASE_SECONDS = 3.0
SKEWS_SECONDS = (0, 171, -95)  # of the wall clocks of worker hosts
NAMES_OF = Path("/etc/netns")  # from which `ip netns exec` takes a host's own resolv.conf


class Installation:
    """Everything but the campaign and the cuts. It is what `observe` looks at."""

    def __init__(
        self, folder: Path, network: Network, doors: Doors, sandbox_url: str, rate: float, lease: float
    ) -> None:
        self.folder, self.network = folder, network
        self.rate, self._lease = rate, lease
        self.archive = folder / "archive"
        self.by_imap: list[str] = []
        self.parted: tuple[float, float] | None = None
        self.endpoints: dict[str, list[str] | None] = {STEADY: None}
        self.continued: list[float] = []
        self._doors, self._sandbox_url = doors, sandbox_url
        self.ha = _sentinels(folder / "ha", network)
        self.names = NameServer(network.address)
        self.names.names = {f"{name}.{DOMAIN}": network.hosts[name].address for name in (API, HOOK)}
        self.api = ApiProxy(sandbox_url, {}, False, network.hosts[API].listen)
        self.api.port = API_PORT
        for name in ACCOUNTS:
            self.api.know(name, sender(name))
        self.receivers = Receivers(SECRET)
        self.machines: dict[str, Machine] = {}
        self.client: Redis

    def start(self, **settings: str) -> None:
        self.ha.start()
        self.client = connect(self.ha.url)
        self._doors.run(self.api.start())
        self._doors.run(self.receivers.start(self.network.hosts[HOOK].listen(HOOK_PORT)))
        for name, skew in zip(WORKERS, SKEWS_SECONDS, strict=True):
            environment = self._environment() | {"CHAOS_SKEW_SECONDS": str(skew)} | settings
            within = self.network.hosts[name].within
            self.machines[name] = Machine(name, 1, self.folder, environment, within)
            self.machines[name].start()
        eventually(lambda: all(one.workers() for one in self.machines.values()), "workers start")

    def host_of_primary(self) -> Host:
        address = self.ha.primary().place.address
        return next(one for one in self.network.hosts.values() if one.address == address)

    def pids(self, name: str) -> list[int]:
        return self.machines[name].workers()

    def sent(self) -> list[dict[str, Any]]:
        found: Any = self.asked_of_sandbox("sent")
        return list(found)

    def asked_of_sandbox(self, path: str) -> Any:
        return requests.get(f"{self._sandbox_url}/_sandbox/{path}", timeout=30).json()

    def close(self) -> None:
        for machine in self.machines.values():
            machine.kill_all()
        for stop in (self.api.refuse, self.receivers.stop) if self.machines else ():
            self._doors.run(stop())
        self.ha.stop()
        self.names.close()

    def _environment(self) -> dict[str, str]:
        endpoint = {"name": STEADY, "url": f"http://{HOOK}.{DOMAIN}:{HOOK_PORT}/{STEADY}", "secret": SECRET}
        return (
            bare_environment()
            | SETTINGS
            | account_settings()
            | {
                "PYTHONPATH": str(ROOT),
                "CHAOS_FOLDER": str(self.folder),
                "CHAOS_API_PORT": str(API_PORT),
                "CHAOS_SEED": "1",
                "CHAOS_TRACE": "1",
                "dramatiq_worker_timeout": "250",
                "PEC_REDIS_URL": self.ha.url,
                "PEC_REDIS_REPLICAS": "1",
                "PEC_LEASE_SECONDS": str(self._lease),
                "PEC_API__URL": f"http://{API}.{DOMAIN}:{API_PORT}",
                "PEC_API__RATE": str(self.rate),
                "PEC_API__IN_FLIGHT": "4",
                "PEC_API__TIMEOUT_SECONDS": "3",
                "PEC_API__CONNECT_TIMEOUT_SECONDS": "10",
                "PEC_RECEIPTS__DEADLINE_SECONDS": "3600",
                "PEC_RECEIPTS__BACKOFF_SECONDS": "[0.5, 1, 2]",
                "PEC_UNCERTAIN__LOOKUP_SECONDS": "[1, 3, 6, 10]",
                "PEC_UNCERTAIN__HELD_PERIOD_SECONDS": "600",
                "PEC_MAILBOX__PURGE": "off",
                "PEC_WEBHOOKS__ALLOW_PRIVATE": "true",
                "PEC_WEBHOOKS__ENDPOINTS": json.dumps([endpoint]),
                "PEC_WEBHOOKS__BACKOFF_SECONDS": json.dumps([1] * 60),
            }
        )


@contextmanager
def installation(folder: Path, network: Network, rate: float, lease: float) -> Iterator[Installation]:
    """All of it, running. `rate`: sends a second of each token. `lease`: in seconds."""
    for name in ("armed", "faults", "pids", "archive"):
        (folder / name).mkdir(parents=True)
    with ExitStack() as stack:
        for name in (*WORKERS, *SERVERS, *SENTINELS, API, HOOK):
            host = network.add(name)
            own = NAMES_OF / host.namespace
            own.mkdir(parents=True)
            stack.callback(shutil.rmtree, own)
            (own / "resolv.conf").write_text(f"nameserver {network.address}\n")
        provider = stack.enter_context(sandbox(folder, {"quota-mb": "4096"}))
        doors = stack.enter_context(Doors())
        found = Installation(folder, network, doors, provider.url, rate, lease)
        stack.callback(found.close)
        found.start()
        yield found


def _sentinels(folder: Path, network: Network) -> Sentinels:
    def places(names: tuple[str, ...], port: int) -> list[Place]:
        hosts = [network.hosts[name] for name in names]
        return [Place(host.address, tuple(host.within), port) for host in hosts]

    return Sentinels(
        folder,
        down_after_ms=DOWN_AFTER_MS,
        places=places(SERVERS, REDIS_PORT),
        sentinel_places=places(SENTINELS, SENTINEL_PORT),
        options=("--protected-mode", "no", "--min-replicas-to-write", "1"),
    )
