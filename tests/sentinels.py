"""A primary, its replicas and its Sentinels, as real processes on ports of their own."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.redis_server import server_program
from tests.tls import Tls
from tests.wire import eventually, free_port

NAME = "pec"
_READY_SECONDS = 45.0
_DURABLE = (
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--save",
    "",
    "--maxmemory-policy",
    "noeviction",
    "--repl-diskless-sync-delay",
    "0",
)


@dataclass(frozen=True, slots=True)
class Place:
    """The host of a server: its address, and what stands before a command that runs there. `port` 0: a free one."""

    address: str = "127.0.0.1"
    within: tuple[str, ...] = ()
    port: int = 0


HERE = Place()


class Node:
    """One server or Sentinel. `port` stays the same over restarts."""

    def __init__(self, folder: Path, *options: str, place: Place = HERE, tls: Tls | None = None) -> None:
        self.folder = folder
        self.place = place
        self.port = place.port or free_port()
        self._program = tls.program if tls else server_program()
        listens = ("--port", "0", "--tls-port", str(self.port)) if tls else ("--port", str(self.port))
        self._options = (*listens, *(tls.options if tls else ()), *options)
        self._of_client = tls.of_client if tls else {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        """Run it. Later starts keep the configuration that Sentinels rewrote."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rules = self.folder / "server.conf"
        rules.touch()
        options = ("--dir", str(self.folder), *self._options, *more)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.place.within, self._program, str(rules), *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self.answers)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """Return a client of this node alone, which tries once."""
        return redis.Redis(
            host=self.place.address,
            port=self.port,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            **self._of_client,
        )

    def ask(self, *command: str) -> Any:
        with self.client() as client:
            return client.execute_command(*command)

    def signal(self, sent: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(sent)

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None


class Sentinels:
    """Three servers and three Sentinels, whose first primary is `servers[0]`."""

    def __init__(
        self,
        folder: Path,
        *,
        replicas: int = 2,
        down_after_ms: int = 1000,
        places: Sequence[Place] = (),
        sentinel_places: Sequence[Place] = (HERE,) * 3,
        options: Sequence[str] = (),
        tls: Tls | None = None,
    ) -> None:
        self.servers = [
            Node(folder / f"server{number}", *_DURABLE, *options, place=place, tls=tls)
            for number, place in enumerate(places or [HERE] * (replicas + 1))
        ]
        self.sentinels = [
            Node(folder / f"sentinel{number}", "--sentinel", "--protected-mode", "no", place=place, tls=tls)
            for number, place in enumerate(sentinel_places)
        ]
        self._down_after_ms = down_after_ms
        self._scheme = "rediss+sentinel" if tls else "redis+sentinel"

    @property
    def url(self) -> str:
        hosts = ",".join(f"{one.place.address}:{one.port}" for one in self.sentinels)
        return f"{self._scheme}://{hosts}/{NAME}/0"

    def start(self) -> None:
        first, *others = self.servers
        first.start()
        for one in others:
            one.start("--replicaof", f"{first.place.address} {first.port}")
        eventually(lambda: first.ask("WAIT", str(len(others)), "100") == len(others))
        for one in self.sentinels:
            one.folder.mkdir(parents=True)
            (one.folder / "server.conf").write_text(
                f"sentinel monitor {NAME} {first.place.address} {first.port} 2\n"
                f"sentinel down-after-milliseconds {NAME} {self._down_after_ms}\n"
                f"sentinel failover-timeout {NAME} 20000\n"
            )
            one.start()
        self.wait_until_ready()

    def are_ready(self) -> bool:
        """Return whether every Sentinel knows the others, and every replica follows the primary."""
        wanted = {"num-slaves": len(self.servers) - 1, "num-other-sentinels": 2}
        for one in self.sentinels:
            state = one.ask("SENTINEL MASTER", NAME)
            if any(int(state[name]) != value for name, value in wanted.items()):
                return False
            replicas = one.ask("SENTINEL SLAVES", NAME)
            if any(replica["master-link-status"] != "ok" for replica in replicas):
                return False
            if any(replica["role-reported"] != "slave" or replica["is_disconnected"] for replica in replicas):
                return False
        return True

    def wait_until_ready(self) -> None:
        """Wait for what Sentinels take their time for: they look at a replica every ten seconds."""
        ends = time.monotonic() + _READY_SECONDS
        while not self.are_ready():
            assert time.monotonic() < ends
            time.sleep(0.1)

    def primary(self) -> Node:
        """Return the server that the first Sentinel names."""
        state = self.sentinels[0].ask("SENTINEL MASTER", NAME)
        at = state["ip"], int(state["port"])
        return next(one for one in self.servers if (one.place.address, one.port) == at)

    def fail_over(self) -> None:
        """Ask a Sentinel to promote a replica, though the primary lives."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sentinels[0].ask("SENTINEL", "FAILOVER", NAME)
                return
            except redis.ResponseError:  # one is going on, or no replica is good enough yet
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def stop(self) -> None:
        for one in [*self.sentinels, *self.servers]:
            with suppress(OSError):
                one.kill()


@contextmanager
def sentinels(
    folder: Path, *, replicas: int = 2, down_after_ms: int = 1000, tls: Tls | None = None
) -> Iterator[Sentinels]:
    """Servers and Sentinels that are ready."""
    with ExitStack() as stack:
        found = Sentinels(folder, replicas=replicas, down_after_ms=down_after_ms, tls=tls)
        stack.callback(found.stop)
        found.start()
        yield found
