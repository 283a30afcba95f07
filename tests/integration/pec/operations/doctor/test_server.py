"""The doctor before real servers that are set up wrong, each in one way, and before those that we set up or advise."""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis as redis_errors
from redis import Redis

from config.redis_connection import RedisUnreachable, check, connect
from config.settings import Settings
from pec.operations.doctor.replicas import replica_checks
from pec.operations.doctor.run import run_checks
from pec.operations.doctor.server import redis_checks, unusable
from pec.operations.status.findings import Finding, Mark
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.commands import Pec
from tests.integration.pec.operations.doctor.servers import advised, refusing, running, sentinel
from tests.sentinels import sentinels
from tests.unit.deploy.compose import compose
from tests.wire import eventually, free_port

DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "")


def found_at(url: str, **settings: object) -> list[Finding]:
    with connect(url) as client:
        wanted = Settings.model_validate({"redis_url": url, **settings})
        return [*redis_checks(Store(client, "pec"), wanted), *replica_checks(client)]


def whole(url: str, **settings: object) -> list[str]:
    with connect(url) as client:
        wanted = Settings.model_validate({"redis_url": url, **settings})
        return ill(list(run_checks(wanted, Store(client, "pec"))))


def ill(found: Sequence[Finding]) -> list[str]:
    assert all(one.remedy for one in found if one.mark is not Mark.OK)
    return [f"{one.mark}: {one.what}" for one in found if one.mark is not Mark.OK]


# Those that we set up or advise


def test_the_embedded_server_is_sound() -> None:
    with EmbeddedServer() as server:
        assert ill(found_at(server.url)) == []


def test_the_server_of_compose_is_sound(tmp_path: Path) -> None:
    _, *options = compose({})["services"]["redis"]["command"]
    with running(tmp_path, *options) as url:
        assert ill(found_at(url)) == []


def test_a_server_set_up_as_the_pages_say_is_sound(tmp_path: Path) -> None:
    with running(tmp_path, *advised()) as url:
        assert ill(found_at(url)) == []


# Those that can lose something


@pytest.mark.parametrize(
    ("directive", "value", "words"),
    [
        ("appendonly", "no", "fail: appendonly is no: jobs are lost"),
        ("appendfsync", "everysec", "fail: appendfsync is everysec: a claim can be lost"),
        ("appendfsync", "no", "fail: appendfsync is no: a claim can be lost"),
        ("no-appendfsync-on-rewrite", "yes", "fail: no-appendfsync-on-rewrite is yes: "),
        ("maxmemory-policy", "allkeys-lru", "fail: maxmemory-policy is allkeys-lru: "),
        ("maxmemory-policy", "volatile-ttl", "fail: maxmemory-policy is volatile-ttl: "),
        ("auto-aof-rewrite-percentage", "0", "warn: the append-only file is never rewritten"),
        ("min-replicas-to-write", "1", "fail: min-replicas-to-write is 1, with 0 there"),
        ("maxmemory", "1000000", "fail: memory: "),
    ],
)
def test_a_directive_by_which_something_is_lost_is_found(
    tmp_path: Path, directive: str, value: str, words: str
) -> None:
    with running(tmp_path, *DURABLE) as url, connect(url) as client:
        client.config_set(directive, value)
        [what] = ill(found_at(url))
        assert what.startswith(words)


def test_a_server_that_only_takes_snapshots_is_found(tmp_path: Path) -> None:
    with running(tmp_path, "--save", "60 1") as url:
        assert [one.split(":")[1].split()[0] for one in ill(found_at(url))] == ["appendonly", "appendfsync"]


def test_memory_that_is_nearly_full_is_found(tmp_path: Path) -> None:
    with running(tmp_path, *DURABLE) as url, connect(url) as client:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", int(used / 0.75))
        assert "workers take no new jobs above 80%" in ill(found_at(url))[0]


def test_a_disk_that_is_full_is_found(tmp_path: Path) -> None:
    """With `appendfsync always` the server ends there, so this one has another."""
    options = ("--appendonly", "yes", "--appendfsync", "everysec")
    with running(tmp_path, *options, file_limit=20_000) as url:
        with Redis.from_url(url) as client, suppress(redis_errors.RedisError):
            for _ in range(3):
                client.set("a", "x" * 20_000)
        with connect(url) as client, pytest.raises(RedisUnreachable, match="MISCONF") as refused:
            check(client)
    cause = refused.value.__cause__
    assert cause
    assert "make room on its disk" in unusable("here", cause).remedy


def test_a_disk_that_is_full_ends_a_server_that_we_advise_and_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    kept = []
    with (
        running(tmp_path, *DURABLE, file_limit=100_000) as url,
        Redis.from_url(url) as client,
        suppress(redis_errors.ConnectionError),
    ):
        for number in range(100):
            client.rpush("a", f"{number}" + "x" * 5000)
            kept.append(number)
    assert 5 < len(kept) < 100
    with running(tmp_path, *DURABLE) as url, Redis.from_url(url) as client:
        assert client.llen("a") >= len(kept)


def test_a_rewrite_that_failed_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with running(tmp_path, *DURABLE, "--dir", str(tmp_path / "data")) as url, connect(url) as client:
        client.set("a", "x")
        shutil.rmtree(tmp_path / "data")
        with pytest.raises(redis_errors.ResponseError):
            client.bgrewriteaof()
        [what] = ill(found_at(url))
    assert what.startswith("fail: the last rewrite of the append-only file failed")


@pytest.mark.parametrize("ahead", [-3.0, 3.0])
def test_a_clock_that_is_off_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    """The same difference as of a server whose clock is off the other way."""
    read = time.time
    with running(tmp_path, *DURABLE) as url:
        monkeypatch.setattr(time, "time", lambda: read() + ahead)
        [what] = ill(found_at(url))
    assert what == f"fail: this machine's clock is {ahead:+.1f} s from Redis's"


def test_a_server_without_a_second_database_is_found(tmp_path: Path) -> None:
    with running(tmp_path, *DURABLE, "--databases", "1") as url:
        [what] = ill(found_at(url))
        assert "can't be used" in what


def test_one_database_may_hold_messages_and_dramatiqs_queues(tmp_path: Path) -> None:
    with running(tmp_path, *DURABLE, "--databases", "1") as url:
        assert ill(found_at(url, broker_url=url)) == []


def test_two_servers_have_databases_of_their_own(tmp_path: Path) -> None:
    with running(tmp_path / "a", *DURABLE) as truth, running(tmp_path / "b", *DURABLE) as dramatiq:
        assert ill(found_at(truth, broker_url=dramatiq)) == []


def test_a_cluster_is_found_and_nothing_else_is_asked_of_it(tmp_path: Path) -> None:
    with running(tmp_path, *DURABLE, "--cluster-enabled", "yes", "--cluster-port", "1") as url:
        [first, *_] = whole(url)
    assert "can't be used (it runs in cluster mode, which keeps keys on several servers)" in first


def test_a_sentinel_in_place_of_a_server_is_found_with_the_url_to_set(tmp_path: Path) -> None:
    with sentinel(tmp_path) as url:
        settings = Settings.model_validate({"redis_url": url})
        with connect(url) as client:
            [found] = [one for one in run_checks(settings, Store(client, "pec")) if one.mark is Mark.FAIL]
    assert "can't be used (it is a Sentinel, which holds no data)" in found.what
    assert "redis+sentinel://…:26379/pec/0" in found.remedy


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("-DENIED Redis is running in protected mode because protected mode is enabled", "give the server a"),
        ("-NOREPLICAS Not enough good replicas to write.", "connect its replicas"),
        ("-MOVED 14325 127.0.0.1:7403", "it is a cluster"),
        ("-CLUSTERDOWN Hash slot not served", "it is a cluster"),
        ("-ERR max number of clients reached", "raise `maxclients`"),
    ],
)
def test_each_refusal_of_a_server_has_its_remedy(refusal: str, remedy: str) -> None:
    with refusing(refusal) as url, connect(url, retries=0) as client:
        [found] = [
            one for one in run_checks(Settings(redis_url=url), Store(client, "pec")) if one.unreachable
        ]
    assert refusal.split(" ", 1)[1] in found.what
    assert found.remedy.startswith(remedy)


@contextmanager
def replicated(tmp_path: Path, *options: str, password: str = "") -> Iterator[tuple[str, str]]:
    """A server with one replica that has these options besides; gives the URLs of both."""
    secret = ("--requirepass", password, "--masterauth", password) if password else ()
    known = f"&password={password}" if password else ""
    ports = free_port(), free_port()
    demanded = ("--min-replicas-to-write", "1", "--repl-diskless-sync-delay", "0")
    with running(tmp_path / "master", *DURABLE, *demanded, "--port", str(ports[0]), *secret) as url:
        own = (*DURABLE, "--port", str(ports[1]), *secret, "--replicaof", f"127.0.0.1 {ports[0]}", *options)
        with running(tmp_path / "replica", *own) as replica_url:
            eventually(lambda: _connected(url + known) == 1)
            yield url + known, replica_url + known


def test_a_replica_in_place_of_its_master_is_found(tmp_path: Path) -> None:
    with replicated(tmp_path) as (_, replica):
        assert "this server is a replica of 127.0.0.1" in "".join(ill(found_at(replica)))


def test_a_master_with_the_replica_that_is_required_is_sound_until_that_is_gone(tmp_path: Path) -> None:
    with running(tmp_path / "lone", *DURABLE) as url:
        assert "0 of 1 replicas are connected" in "".join(ill(found_at(url, redis_replicas=1)))
    with replicated(tmp_path, password="hunter2") as (master, _):
        found = found_at(master, redis_replicas=1)
        assert ill(found) == []
        assert "is set up like its master" in found[-1].what


def test_the_command_names_replicas(pec: Pec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with replicated(tmp_path, "--appendonly", "no") as (master, _):
        monkeypatch.setenv("PEC_REDIS_URL", master)
        marks = [
            line["mark"] for line in pec("doctor", "--json").lines if line["what"].startswith("replica ")
        ]
    assert marks == ["warn"]


def test_replicas_that_nothing_waits_for_are_warned_of(tmp_path: Path) -> None:
    with replicated(tmp_path) as (master, _):
        [what] = ill(found_at(master))
        assert what.startswith("warn: replicas: 1 connected, none required: a failover can lose a claim")


@pytest.mark.parametrize(
    ("directive", "value"),
    [
        ("appendonly", "no"),
        ("appendfsync", "everysec"),
        ("no-appendfsync-on-rewrite", "yes"),
        ("maxmemory-policy", "allkeys-lru"),
    ],
)
def test_a_replica_that_would_lose_something_after_a_failover_is_warned_of(
    tmp_path: Path, directive: str, value: str
) -> None:
    with replicated(tmp_path, f"--{directive}", value, password="hunter2") as (master, _):
        [found] = [one for one in found_at(master, redis_replicas=1) if one.mark is not Mark.OK]
    assert found.mark is Mark.WARN
    assert re.fullmatch(rf"replica 127\.0\.0\.1:\d+: {directive} is {value}, .*", found.what)
    assert re.match(rf"`redis-cli -u redis://127\.0\.0\.1:\d+/0 CONFIG SET {directive} ", found.remedy)


@pytest.mark.parametrize("hidden", [("--port", "0"), ("--requirepass", "another")])
def test_of_a_replica_out_of_reach_a_note_is_made(tmp_path: Path, hidden: tuple[str, str]) -> None:
    with replicated(tmp_path) as (master, replica):
        with connect(replica) as client:
            client.config_set(hidden[0].removeprefix("--"), hidden[1])
        assert [one.split(" (")[0][:14] for one in ill(found_at(master, redis_replicas=1))] == [
            "note: replica "
        ]


def test_a_password_that_stays_on_this_machine_is_not_sent_in_clear_to_a_replica(tmp_path: Path) -> None:
    with replicated(tmp_path, "--replica-announce-ip", "192.0.2.1", password="hunter2") as (master, _):
        [what] = ill(found_at(master, redis_replicas=1))
    assert re.match(r"note: replica 192\.0\.2\.1:\d+ is not looked at: the password would", what)


def test_the_remedy_reaches_the_server_that_was_looked_at(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "--port", str(port), *DURABLE, "--appendfsync", "no") as url:
        ways = (url, f"redis://127.0.0.1:{port}/0")
        commands = [one.remedy.split("`")[1] for way in ways for one in found_at(way) if one.remedy]
    assert commands == [
        f"redis-cli -s {tmp_path / 's'} CONFIG SET appendfsync always",
        f"redis-cli -u redis://127.0.0.1:{port}/0 CONFIG SET appendfsync always",
    ]


def _connected(url: str) -> int:
    with connect(url) as client:
        return int(client.info("replication")["min_slaves_good_slaves"])


def test_where_config_can_not_be_read_the_rest_is_reported_and_the_remedy_is_elsewhere(
    tmp_path: Path,
) -> None:
    with running(tmp_path, *DURABLE) as url:
        with connect(url) as client:
            client.acl_setuser("pec", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-config"])
        found = ill(found_at(url + "&username=pec&password=x"))
    assert [one.split(" can't")[0] for one in found] == [
        "warn: appendfsync",
        "warn: no-appendfsync-on-rewrite",
    ]


def test_servers_and_sentinels_set_up_as_the_pages_say_are_sound(tmp_path: Path) -> None:
    with sentinels(tmp_path) as ha:
        for server in ha.servers:
            server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
        found = found_at(ha.url, redis_replicas=1)
        unsafe = found_at(ha.url)

        ha.sentinels[2].kill()
        [away] = [one for one in whole(ha.url, redis_replicas=1) if "Sentinel" in one]

    assert ill(found) == []
    assert [one.what.split(":")[0] for one in unsafe if one.mark is Mark.FAIL] == ["replicas"]
    assert away.startswith(f"warn: Sentinel 127.0.0.1:{ha.sentinels[2].port} says nothing of pec (")


def test_one_of_two_replicas_awaited_by_a_plain_url_fails(tmp_path: Path) -> None:
    """Seen: a planned failover to the other one lost 218 jobs and sent one PEC twice."""
    with sentinels(tmp_path) as ha:
        ill_of = ill(found_at(f"redis://127.0.0.1:{ha.primary().port}/0", redis_replicas=1))

    assert ill_of[0].startswith("fail: replicas: 1 of 2 required: a failover to another one can lose jobs")
