"""The configuration files of docs/operations.md, "Failover", with their passwords, run by servers and Sentinels."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import redis as redis_errors
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import server_program
from tests.acceptance.site import eventually
from tests.unit.docs.pages import PAGES, blocks
from tests.wire import free_port

PASSWORD = "CHANGE-ME-AS-WELL"
SERVER, USERS, SENTINEL = blocks(PAGES["docs/operations.md"].split("## Failover")[1], "text")[:3]


class Machines:
    """Three machines, each with a server and a Sentinel; here they differ by their ports."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.servers = [free_port() for _ in range(3)]
        self.sentinels = [free_port() for _ in range(3)]

    @property
    def url(self) -> str:
        return (
            f"redis+sentinel://pec:{PASSWORD}@{','.join(f'127.0.0.1:{one}' for one in self.sentinels)}/pec/0"
        )

    def start(self) -> None:
        for port in self.servers:
            users = self._folder / f"users{port}.acl"
            users.write_text(USERS, encoding="utf-8")
            role = "" if port == self.servers[0] else f"replicaof 127.0.0.1 {self.servers[0]}\n"
            text = SERVER.replace("10.0.0.1 127.0.0.1", "127.0.0.1")
            self._run(port, role + text.replace("/etc/valkey/users.acl", str(users)))
        for port in self.sentinels:
            first = f"127.0.0.1 {self.servers[0]}"
            self._run(port, SENTINEL.replace("10.0.0.1 6379", first), "--sentinel")

    def _run(self, port: int, text: str, *mode: str) -> None:
        rules = self._folder / f"{port}.conf"
        rules.write_text(
            f"port {port}\ndir {self._folder}\ndbfilename {port}.rdb\n{text}\n", encoding="utf-8"
        )
        process = subprocess.Popen([server_program(), str(rules), *mode], stdout=subprocess.DEVNULL)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def primary_seen(self, port: int) -> int:
        """Return the port of the primary that a Sentinel names, with two replicas and two other Sentinels; else 0."""
        with Redis(port=port, decode_responses=True) as client, suppress(redis_errors.RedisError):
            state = client.sentinel_master("pec")
            if (state["num-slaves"], state["num-other-sentinels"], state["is_sdown"]) == (2, 2, False):
                return int(state["port"])
        return 0

    def link_is_up(self, port: int) -> bool:
        with (
            Redis(port=port, username="pec", password=PASSWORD) as client,
            suppress(redis_errors.RedisError),
        ):
            return bool(client.info("replication").get("master_link_status") == "up")
        return False


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        found = Machines(tmp_path, stack)
        found.start()
        yield found


def test_with_the_passwords_of_the_page_replicas_follow_and_sentinels_hand_over(machines: Machines) -> None:
    first, *others = machines.servers
    eventually(lambda: {machines.primary_seen(one) for one in machines.sentinels} == {first}, seconds=60)
    eventually(lambda: all(machines.link_is_up(one) for one in others), seconds=30)
    with connect(machines.url) as client:
        client.set("before", "1")
        assert client.wait(2, 5000) == 2

    with Redis(port=machines.sentinels[0]) as sentinel:
        sentinel.execute_command("SENTINEL", "FAILOVER", "pec")
    eventually(lambda: machines.link_is_up(first), seconds=60)

    with connect(machines.url) as client:
        assert client.get("before") == b"1"
        client.set("after", "1")
        assert client.wait(1, 5000) >= 1
    with pytest.raises(redis_errors.RedisError), Redis(port=first) as without_password:
        without_password.get("before")
