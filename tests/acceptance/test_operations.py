"""The ACLs and backups of docs/operations.md, on a real server."""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from config.redis_connection import RedisUnreachable, connect
from producers import Producer
from sandbox.redis_server import EmbeddedServer, server_program
from tests.acceptance.site import eventually, site
from tests.integration.pec.operations.doctor.servers import advised, running
from tests.wire import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
PASSWORDS = {
    "producer": "CHANGE-ME",
    "reader": "CHANGE-ME-TOO",
    "consumer": "CHANGE-ME-THREE",
    "pec": "CHANGE-ME-AS-WELL",
}
HASH = "0" * 64
ALWAYS_ALLOWED = {"auth", "hello", "quit", "reset"}  # commands of a connection that no ACL forbids


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """With the users of the page, `default` among them."""
    with EmbeddedServer(port=0) as server:
        with closing(Redis.from_url(server.url)) as default:
            for line in re.findall(r"^ACL SETUSER .*$", PAGE, re.MULTILINE):
                default.execute_command(*shlex.split(line))  # type: ignore[no-untyped-call]
        yield server


@contextmanager
def as_user(server: EmbeddedServer, user: str) -> Iterator[Redis]:
    with connect(url_of(server, user)) as client:
        yield client


def url_of(server: EmbeddedServer, user: str) -> str:
    return server.url.replace("redis://", f"redis://{user}:{PASSWORDS[user]}@")


def allowed(client: Redis, user: str, *keys: str) -> set[tuple[str, str]]:
    """Every command of the server that the user may give, with each key it may name."""
    commands: Any = client.command()
    return {
        (name, key)
        for name, arity in _commands(commands.values())
        for key in keys
        if client.execute_command("ACL", "DRYRUN", user, *name.split("|"), *[key] * _arguments(name, arity))  # type: ignore[no-untyped-call]
        == b"OK"
    }


def _commands(found: Any) -> Iterator[tuple[str, int]]:
    for one in found:
        if one["subcommands"]:
            yield from ((sub[0].decode(), sub[1]) for sub in one["subcommands"])
        else:
            yield one["name"], one["arity"]


def _arguments(name: str, arity: int) -> int:
    return abs(arity) - 1 - name.count("|")


def test_doctor_passes_the_advised_server_and_its_users_beside_a_worker(tmp_path: Path) -> None:
    users = re.findall(r"^ACL SET(USER .*)$", PAGE, re.MULTILINE)
    (tmp_path / "users.acl").write_text("\n".join(line.replace("USER", "user", 1) for line in users))
    port = free_port()
    options = [*advised(), "--port", str(port), "--aclfile", str(tmp_path / "users.acl")]
    [written] = re.findall(r"`PEC_REDIS_URL=(redis://\S+)`", PAGE)
    url = written.replace("redis.example.it:6379", f"127.0.0.1:{port}")
    with (
        running(tmp_path / "server", *options),
        connect(url) as client,
        site(client, url, tmp_path) as at,
        at.workers(),
    ):
        with Producer(
            url.replace(f"pec:{PASSWORDS['pec']}", f"producer:{PASSWORDS['producer']}")
        ) as producer:
            producer.send("m", "acme", "consegna@pec.example", "Oggetto", "<p>Salve</p>")
        eventually(lambda: at.state("m") == "delivered")
        doctor = subprocess.run(
            [sys.executable, "-m", "cli", "doctor", "--json"],
            cwd=tmp_path,
            env={**os.environ, **at.settings},
            capture_output=True,
            text=True,
            check=False,
        )
    assert [line for line in map(json.loads, doctor.stdout.splitlines()) if line["mark"] != "ok"] == []
    assert doctor.returncode == 0


def test_an_unknown_user_is_shut_out(server: EmbeddedServer) -> None:
    with (
        closing(Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))) as client,
        pytest.raises(AuthenticationError),
    ):
        client.ping()


def test_a_producer_may_add_jobs_and_put_uploads_and_nothing_else(server: EmbeddedServer) -> None:
    keys = ("pec:jobs", f"pec:upload:{HASH}", "pec:message:x", "pec:events", "other")
    with as_user(server, "pec") as pec:
        may = allowed(pec, "producer", *keys)
    of_connections = {
        (name, key) for name, key in may if name in {*ALWAYS_ALLOWED, "ping", "wait"} or "|" in name
    }
    assert may - of_connections == {("xadd", "pec:jobs"), ("set", f"pec:upload:{HASH}")}
    assert {name for name, _ in of_connections} == {
        *ALWAYS_ALLOWED,
        "ping",
        "wait",
        "client|setname",
        "client|setinfo",
    }


def test_the_python_producer_works_under_that_acl(server: EmbeddedServer) -> None:
    with as_user(server, "pec") as pec, Producer(url_of(server, "producer")) as producer:
        pec.flushall()
        files = [("a.pdf", b"%PDF")]
        job = producer.send("inv-1", "acme", "a@pec.example", "Oggetto", "<p>" + "x" * 5000, files)
        assert pec.xlen("pec:jobs") == 1
        assert len(pec.keys("pec:upload:*")) == 2
        assert job.entry


@pytest.mark.parametrize(
    "words",
    [
        "SET pec:jobs x",
        f"SET pec:upload:{HASH} x GET",
        f"GET pec:upload:{HASH}",
        f"XADD pec:upload:{HASH} * job x",
        "XADD pec:events * event x",
        "XRANGE pec:jobs - +",
        "XTRIM pec:jobs MAXLEN 0",
        "XDEL pec:jobs 1-1",
        "DEL pec:jobs",
        "FLUSHALL",
        "CONFIG GET *",
        "KEYS *",
        "EVAL return 0",
    ],
)
def test_a_producer_is_refused(server: EmbeddedServer, words: str) -> None:
    more = ["0"] if words.startswith("EVAL") else []
    parts = ["EVAL", "return 1", *more] if more else words.split()
    with as_user(server, "producer") as client, pytest.raises(NoPermissionError):
        client.execute_command(*parts)  # type: ignore[no-untyped-call]


def test_a_consumer_may_follow_the_events_and_keep_what_is_its_own(server: EmbeddedServer) -> None:
    of_connections = {*ALWAYS_ALLOWED, "ping", "client|setname", "client|setinfo"}
    keys_come_later = {"xreadgroup", "eval"}  # after a count or a word: tried below
    with as_user(server, "pec") as pec:
        may = allowed(pec, "consumer", "pec:jobs", "pec:message:x", "pec:events", "app:x")
    named = {(name, key) for name, key in may if name not in of_connections | keys_come_later}

    assert named == {
        *((name, "pec:events") for name in ("xgroup|create", "xautoclaim", "xack")),
        *((name, "app:x") for name in ("set", "hget", "hset")),
    }


@pytest.mark.parametrize(
    "words",
    [
        "XREADGROUP GROUP g c STREAMS pec:jobs >",
        "EVAL x 1 pec:message:x",
        "EVAL x 2 app:x pec:events",
        "XADD pec:events * event x",
        "XTRIM pec:events MAXLEN 0",
        "XGROUP DESTROY pec:events workers",
        "SET pec:events x",
        "GET app:x",
    ],
)
def test_a_consumer_is_refused(server: EmbeddedServer, words: str) -> None:
    with as_user(server, "consumer") as client, pytest.raises(NoPermissionError):
        client.execute_command(*words.split())  # type: ignore[no-untyped-call]


def test_a_producer_can_still_discard_jobs_as_the_page_warns(server: EmbeddedServer) -> None:
    with as_user(server, "pec") as pec, as_user(server, "producer") as producer:
        pec.flushall()
        producer.xadd("pec:jobs", {"job": "of another"})
        producer.xadd("pec:jobs", {"job": "mine"}, maxlen=0, approximate=False)
        assert pec.xlen("pec:jobs") == 0


def test_a_reader_sees_the_outcome_of_jobs_and_changes_nothing(server: EmbeddedServer) -> None:
    with as_user(server, "pec") as pec, Producer(url_of(server, "reader")) as reader:
        pec.flushall()
        written: Any = {"account": "acme", "state": "sent", "version": "1", "recipient": "a@pec.example"}
        instants: Any = dict.fromkeys(("created_at", "updated_at"), "2026-11-23T09:30:00.000Z")
        pec.hset("pec:message:inv-1", mapping={**written, **instants})
        pec.set("pec:taken:inv-1", "digest 0")
        assert [str(one.state) for one in reader.status("inv-1")] == ["sent"]
        assert reader.receipts("inv-1") == {"inv-1": []}
        with pytest.raises(RedisUnreachable):
            reader.cancel("inv-1")
        with as_user(server, "reader") as client, pytest.raises(NoPermissionError):
            client.xrange("pec:jobs")


# Back-ups


def test_a_copy_of_the_append_only_file_made_while_jobs_come_has_all_that_came_before(tmp_path: Path) -> None:
    folder, restored = tmp_path / "redis", tmp_path / "restored"
    with EmbeddedServer(folder) as server, connect(server.url) as client:
        for number in range(500):
            client.xadd("pec:jobs", {"job": f"before-{number}"})
        client.config_set("auto-aof-rewrite-percentage", 0)
        eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
        with _jobs_coming(server.url):
            archive = tmp_path / "backup.tar"
            command = ["tar", "--create", "--file", str(archive), "--directory", str(folder), "appendonlydir"]
            assert subprocess.run(command, check=False, capture_output=True).returncode in (
                0,
                1,
            )  # 1: it grew
    restored.mkdir()
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", restored], check=True)
    with EmbeddedServer(restored) as server, connect(server.url) as client:
        kept: Any = client.xrange("pec:jobs", count=500)
        assert [fields[b"job"] for _, fields in kept] == [
            f"before-{number}".encode() for number in range(500)
        ]


@contextmanager
def _jobs_coming(url: str) -> Iterator[None]:
    enough = threading.Event()

    def add() -> None:
        with connect(url) as client:
            while not enough.is_set():
                client.xadd("pec:jobs", {"job": "during"})

    thread = threading.Thread(target=add)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_an_rdb_file_alone_starts_empty_and_is_loaded_as_the_page_says(tmp_path: Path) -> None:
    folder, alone = tmp_path / "redis", tmp_path / "alone"
    with EmbeddedServer(folder) as server, connect(server.url) as client:
        client.xadd("pec:jobs", {"job": "kept"})
        client.save()
    alone.mkdir()
    dump = (folder / "dump.rdb").read_bytes()
    (alone / "dump.rdb").write_bytes(dump)
    with EmbeddedServer(alone) as server, connect(server.url) as client:
        assert client.dbsize() == 0, "the trap"

    loaded = tmp_path / "loaded"
    loaded.mkdir()
    (loaded / "dump.rdb").write_bytes(dump)
    _give_it_an_append_only_file(loaded)
    with EmbeddedServer(loaded) as server, connect(server.url) as client:
        assert client.xlen("pec:jobs") == 1


def _give_it_an_append_only_file(folder: Path) -> None:
    socket = folder / "s"
    options = [
        "--dir",
        str(folder),
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--appendonly",
        "no",
        "--save",
        "",
    ]
    with subprocess.Popen([server_program(), *options], stdout=subprocess.DEVNULL) as process:
        eventually(socket.exists)
        with connect(f"unix://{socket}") as client:
            client.config_set("appendonly", "yes")
            eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
        process.terminate()
