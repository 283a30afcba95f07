"""The examples that follow pec:events: killed at any moment, they miss nothing and do nothing twice."""

import json
import os
import random
import re
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.programs import program
from tests.acceptance.site import eventually, site
from tests.unit.docs.pages import PAGES, blocks
from tools.schemas import schemas

EXAMPLES = Path(__file__).parents[2] / "examples"
MESSAGES = 40
States = dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """With the user `consumer` of docs/operations.md."""
    [line] = re.findall(r"^ACL SETUSER consumer .*$", PAGES["docs/operations.md"], re.MULTILINE)
    with EmbeddedServer(port=0) as server:
        with connect(server.url) as client:
            client.execute_command(*shlex.split(line))
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Redis]:
    with connect(server.url) as client:
        client.flushall()
        yield client


@dataclass(frozen=True)
class Example:
    """One of the two: how it starts, what it knows, and how many events it handled."""

    command: list[str]
    url: str
    known: Callable[[], States]
    handled: Callable[[], int]

    @contextmanager
    def running(
        self, consumer: str = "one", claim_seconds: float = 60
    ) -> Iterator["subprocess.Popen[bytes]"]:
        more = {"PEC_REDIS_URL": self.url, "CONSUMER": consumer, "CLAIM_SECONDS": str(claim_seconds)}
        process = subprocess.Popen(self.command, env={**os.environ, **more}, stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


@pytest.fixture(params=["python", "node"])
def example(request: pytest.FixtureRequest, server: EmbeddedServer, client: Redis, tmp_path: Path) -> Example:
    url = server.url.replace("redis://", "redis://consumer:CHANGE-ME-THREE@")
    if request.param == "python":
        path = tmp_path / "events.db"
        return Example([sys.executable, str(EXAMPLES / "consume.py"), str(path)], url, *of_sqlite(path))
    folder = request.getfixturevalue("node_folder")
    return Example([program("node", in_ci=True), str(folder / "consume.mjs")], url, *of_redis(client))


def of_sqlite(path: Path) -> tuple[Callable[[], States], Callable[[], int]]:
    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(path)) as database:
            try:
                return database.execute(query).fetchall()
            except sqlite3.OperationalError:  # not made yet
                return []

    return (
        lambda: {one: (state, sequence) for one, state, sequence in rows("SELECT * FROM pec")},
        lambda: len(rows("SELECT * FROM handled")),
    )


def of_redis(client: Redis) -> tuple[Callable[[], States], Callable[[], int]]:
    def known() -> States:
        found: States = {}
        for key in client.scan_iter("app:pec:*"):
            stored: Any = client.hgetall(key)
            found[key.decode().removeprefix("app:pec:")] = (
                stored[b"state"].decode(),
                int(stored[b"sequence"]),
            )
        return found

    return known, lambda: sum(1 for _ in client.scan_iter("app:handled:*"))


def event(number: int, state: str, sequence: int) -> dict[str, str]:
    """An entry of pec:events."""
    data = {"id": f"m{number}", "sequence": sequence, "account": "acme", "recipient": "x@pec.example"}
    body = {
        "type": f"message.{state}",
        "timestamp": "2026-11-23T09:30:00.000Z",
        "data": {**data, "state": state, "attempts": 1},
    }
    return {"id": f"evt_{number}_{sequence}", "type": f"message.{state}", "event": json.dumps(body)}


def nothing_is_pending(client: Redis) -> bool:
    """False until the consumer has started, which makes the group."""
    groups: Any = client.xinfo_groups("pec:events")
    return [(group["pending"], group["lag"]) for group in groups] == [(0, 0)]


def test_a_consumer_that_is_killed_again_and_again_knows_the_state_of_every_message(
    example: Example, client: Redis, server: EmbeddedServer, tmp_path: Path
) -> None:
    chance = random.Random(1)
    with site(client, server.url, tmp_path, rate=200) as at, at.workers(PEC_API__RATE="100"):
        for number in range(MESSAGES):
            at.add(
                id=f"m{number}", recipient=f"consegna+{number}@pec.example", subject=f"N. {number}", batch="b"
            )
        at.add_raw(json.dumps({"type": "batch", "id": "b", "size": MESSAGES}))
        while not client.hget("pec:batch:b", "completed_at"):
            with example.running():
                time.sleep(chance.uniform(0.05, 0.6))  # then it is killed, wherever it stands
        truth = {f"m{number}": at.message(f"m{number}") for number in range(MESSAGES)}

    with example.running():
        eventually(lambda: nothing_is_pending(client))
    assert {one: state for one, (state, _) in example.known().items()} == {
        one: message["state"] for one, message in truth.items()
    }
    published: Any = client.xrange("pec:events")
    schema = jsonschema.Draft202012Validator(json.loads(schemas()["event.schema.json"]))
    for _, fields in published:
        schema.validate(json.loads(fields[b"event"]))


def test_what_another_consumer_took_and_never_finished_is_claimed(example: Example, client: Redis) -> None:
    for number in range(3):
        client.xadd("pec:events", event(number, "delivered", 7))  # type: ignore[arg-type]
    client.xgroup_create("pec:events", "my-app", "0")
    client.xreadgroup("my-app", "dead", {"pec:events": ">"}, count=2)
    client.xtrim("pec:events", maxlen=2, approximate=False)  # meanwhile

    with example.running(claim_seconds=0.2):
        eventually(
            lambda: len(example.known()) == 2 and not client.xpending("pec:events", "my-app")["pending"]
        )
    assert set(example.known()) == {"m1", "m2"}


def test_what_it_took_before_it_died_comes_first(example: Example, client: Redis) -> None:
    client.xadd("pec:events", event(1, "sent", 7))  # type: ignore[arg-type]
    client.xgroup_create("pec:events", "my-app", "0")
    client.xreadgroup("my-app", "one", {"pec:events": ">"})

    with example.running("one", claim_seconds=3600):
        eventually(lambda: nothing_is_pending(client))
    assert example.known() == {"m1": ("sent", 7)}


def test_an_event_that_comes_again_or_too_late_changes_nothing(example: Example, client: Redis) -> None:
    for one in (event(1, "delivered", 9), event(1, "accepted", 8), event(1, "delivered", 9)):
        client.xadd("pec:events", one)  # type: ignore[arg-type]

    with example.running():
        eventually(lambda: example.handled() == 2 and nothing_is_pending(client))
    assert example.known() == {"m1": ("delivered", 9)}


def test_an_event_that_cannot_be_handled_stays_pending_and_stops_no_other(
    example: Example, client: Redis
) -> None:
    client.xadd("pec:events", {"id": "evt_bad", "type": "message.sent", "event": "no JSON"})
    client.xadd("pec:events", event(1, "sent", 7))  # type: ignore[arg-type]

    with example.running():
        eventually(lambda: example.known() == {"m1": ("sent", 7)})
        eventually(lambda: client.xpending("pec:events", "my-app")["pending"] == 1)


def test_redis_that_comes_back_empty_is_followed_again(example: Example, client: Redis) -> None:
    with example.running():
        client.xadd("pec:events", event(1, "sent", 7))  # type: ignore[arg-type]
        eventually(lambda: "m1" in example.known())
        client.flushall()
        client.xadd("pec:events", event(2, "sent", 7))  # type: ignore[arg-type]
        eventually(lambda: "m2" in example.known())


def test_the_types_fit_the_example_and_refuse_the_data_of_another_type(node_folder: Path) -> None:
    tsc = [program("node", in_ci=True), str(node_folder / "node_modules" / "typescript" / "bin" / "tsc")]
    [shown] = blocks(PAGES["docs/webhooks.md"], "ts")
    (node_folder / "shown.mts").write_text(shown)
    (node_folder / "wrong.mts").write_text(
        'import type { PecEvent, PecJob } from "./pec.d.ts";\n'
        "export const sequence = (event: PecEvent) =>\n"
        '  event.type === "batch.completed" ? event.data.sequence : 0;\n'
        'export const job: PecJob = { type: "send", id: "a", account: "acme" };\n'
    )

    def said(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*tsc, *arguments], cwd=node_folder, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout

    options = ("--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node")
    assert said() == (0, "")
    code, errors = said(*options, "shown.mts", "wrong.mts")
    assert code != 0
    assert {line.partition("(")[0] for line in errors.splitlines() if line[0] != " "} == {"wrong.mts"}
    assert "Property 'sequence' does not exist on type 'BatchData'" in errors
    assert "wrong.mts(4," in errors
