"""PEC are sent through a server as providers run it: without CONFIG, CLIENT and KEYS, and with one database."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.acceptance.command import PEC
from tests.acceptance.site import Site, eventually, site
from tests.sentinels import Node

DENIED = ("-config", "-client", "-keys", "-debug", "-save", "-bgrewriteaof", "-shutdown", "-replicaof")


@pytest.fixture
def provided(tmp_path: Path) -> Iterator[tuple[Redis, str]]:
    """A client of such a server and its URL, whose user may do what providers let one do."""
    node = Node(tmp_path / "node", "--databases", "1", "--appendonly", "yes", "--appendfsync", "always")
    node.start()
    try:
        node.ask("ACL", "SETUSER", "pec", "on", ">s3cret", "~*", "&*", "+@all", *DENIED)
        url = f"redis://pec:s3cret@127.0.0.1:{node.port}/0"
        with Redis(port=node.port) as client:
            yield client, url
    finally:
        node.kill()


def test_pecs_are_sent_through_a_server_that_a_provider_runs(
    provided: tuple[Redis, str], tmp_path: Path
) -> None:
    client, url = provided
    settings = {"PEC_BROKER_URL": url, "PEC_REDIS_MANAGED": "true", "PEC_API__RATE": "5"}  # none is refused
    with site(client, url, tmp_path) as at, at.workers(processes=2, **settings):
        for number in range(10):
            at.add(id=f"m{number}", recipient=f"consegna+{number}@pec.example", subject="Avviso")
        eventually(lambda: all(at.state(f"m{number}") == "delivered" for number in range(10)))
        doctor = doctor_of(at, settings)
        assert len(at.sent()) == 10

    assert [line for line in doctor if line["mark"] not in ("ok", "note")] == []
    assert "cmdstat_keys" not in client.info("commandstats")


def doctor_of(at: Site, settings: dict[str, str]) -> list[dict[str, str]]:
    ran = subprocess.run(
        [*PEC, "doctor", "--json"],
        env={**os.environ, **at.settings, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]
