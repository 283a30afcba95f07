"""What `pec doctor` looks at in the server that holds the truth: what of it can lose a PEC, or send one twice."""

import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import redis

from config.redis_connection import RedisUnreachable, address, check, connect
from config.settings import Settings
from pec.operations.findings import Finding, Mark
from pec.store.job_stream import MAX_MEMORY_SHARE
from pec.store.store import Store, text

MAX_CLOCK_DIFFERENCE_SECONDS = 2.0
_OLDEST_VERSION = (7, 0)
_NEARLY_FULL_SHARE = 0.7  # of maxmemory

DURABILITY = (
    ("appendonly", "yes", "jobs are lost when the server stops"),
    ("appendfsync", "always", "a claim can be lost with the power, and its message sent twice"),
    (
        "no-appendfsync-on-rewrite",
        "no",
        "while the file is rewritten nothing is flushed, as with `appendfsync no`",
    ),
    ("maxmemory-policy", "noeviction", "the server may delete messages"),
)

_AWAY = "start it, or set PEC_REDIS_URL"
_REFUSED = "set the right user and password in PEC_REDIS_URL"
_REFUSALS = {
    "MISCONF": "see the server's log, and make room on its disk",
    "loading": "wait until it has read its append-only file",
}

_DEFAULT_ADDRESS = "redis://localhost:6379/0"

Info = Mapping[str, Any]


class Database(NamedTuple):
    """One of a server's databases. `server` is the id of its run, the same however it is reached."""

    server: str
    number: int


def redis_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Of the server as it runs now."""
    info, cli = _info(store), redis_cli(store.client)
    yield version(str(info["redis_version"]))
    yield mode(str(info.get("redis_mode") or info.get("server_mode") or "standalone"))
    for name, wanted, danger in DURABILITY:
        yield durable(name, configured(store.client, info, name), wanted, danger, cli)
    yield rewritten(configured(store.client, info, "auto-aof-rewrite-percentage"), cli)
    yield from rewrites(info)
    yield memory(int(info["used_memory"]), int(info.get("maxmemory") or 0), cli)
    yield clock(_clock_difference(store))
    yield from _broker(store, settings)
    yield role(info)
    yield replicas(int(info.get("connected_slaves", 0)), settings.redis_replicas)
    yield from demanded_replicas(int(configured(store.client, info, "min-replicas-to-write") or 0), info)
    yield from encrypted(settings.redis_url)


def version(running: str) -> Finding:
    numbers = tuple(int(part) for part in running.split(".")[:2])
    if numbers < _OLDEST_VERSION:
        return Finding(Mark.FAIL, f"Redis is version {running}", "run Redis 7 or later, or Valkey")
    return Finding(Mark.OK, f"Redis version {running}")


def mode(running: str) -> Finding:
    """One server holds the truth: scripts name keys that a cluster would keep on several."""
    if running != "standalone":
        return Finding(
            Mark.FAIL, f"Redis runs in the mode {running}", "run one server, with replicas if you like"
        )
    return Finding(Mark.OK, "Redis is one server")


def durable(name: str, value: str | None, wanted: str, danger: str, cli: str) -> Finding:
    """One directive of the server."""
    if value is None:
        remedy = f"make sure that it is {wanted}, at your provider's console"
        return Finding(Mark.WARN, f"{name} can't be read: the server does not allow CONFIG GET", remedy)
    if value != wanted:
        remedy = f"`{cli} CONFIG SET {name} {wanted}`, and the same in its configuration file"
        return Finding(Mark.FAIL, f"{name} is {value}: {danger}", remedy)
    return Finding(Mark.OK, f"{name} {value}")


def rewritten(percentage: str | None, cli: str) -> Finding:
    """A back-up switches it off (docs/operations.md), and somebody may forget to switch it on."""
    if percentage == "0":
        remedy = f"`{cli} CONFIG SET auto-aof-rewrite-percentage 100`, unless a back-up is being made"
        return Finding(
            Mark.WARN, "the append-only file is never rewritten: it grows until the disk is full", remedy
        )
    return Finding(Mark.OK, "the append-only file is rewritten when it has grown")


def rewrites(info: Info) -> Iterator[Finding]:
    """Where a write itself fails, the server answers nothing else; a rewrite that fails goes unnoticed."""
    if info.get("aof_last_bgrewrite_status", "ok") != "ok":
        what = "the last rewrite of the append-only file failed: it grows until the disk is full"
        yield Finding(Mark.FAIL, what, "see the server's log, and make room on its disk")


def unusable(where: str, why: object) -> Finding:
    """Of a server that does not answer, or only to say why it can't."""
    away = _REFUSED if isinstance(why, redis.AuthenticationError) else _AWAY
    remedy = next((remedy for word, remedy in _REFUSALS.items() if word in str(why)), away)
    return Finding(Mark.FAIL, f"Redis at {where} can't be used ({why})", remedy, unreachable=True)


def memory(used: int, limit: int, cli: str) -> Finding:
    """How near the server is to where intake stops."""
    if limit == 0:
        return Finding(Mark.OK, f"memory: {used / 1e6:.0f} MB in use, without a limit")
    share = f"{used / limit:.0%}"
    remedy = f"`{cli} CONFIG SET maxmemory …` with more, or let messages end"
    if used > limit * MAX_MEMORY_SHARE:
        what = f"memory: {share} of maxmemory is in use, and workers take no new jobs"
        return Finding(Mark.FAIL, what, remedy)
    if used > limit * _NEARLY_FULL_SHARE:
        what = f"memory: {share} of maxmemory is in use, and workers take no new jobs above 80 %"
        return Finding(Mark.WARN, what, remedy)
    return Finding(Mark.OK, f"memory: {share} of maxmemory is in use")


def clock(seconds: float) -> Finding:
    """How far this machine's clock is from Redis's."""
    if abs(seconds) > MAX_CLOCK_DIFFERENCE_SECONDS:
        what = f"this machine's clock is {seconds:+.1f} s from Redis's"
        return Finding(Mark.FAIL, what, "synchronise both with NTP")
    return Finding(Mark.OK, f"clock {seconds:+.2f} s from Redis's")


def broker(truth: Database, dramatiq: Database, where: str) -> Finding:
    """Dramatiq's maintenance scans all keys of its database."""
    if truth == dramatiq:
        remedy = "set PEC_BROKER_URL to another database of the server, or leave it out"
        return Finding(Mark.FAIL, f"Dramatiq's queues are in the database of the truth, {where}", remedy)
    return Finding(Mark.OK, f"Dramatiq's queues are apart, in {where}")


def role(info: Info) -> Finding:
    """A replica gets everything from its master anew: what is written to it is gone then."""
    if info.get("role") != "master":
        master = f"{info.get('master_host')}:{info.get('master_port')}"
        return Finding(Mark.FAIL, f"this server is a replica of {master}", "set PEC_REDIS_URL to the master")
    return Finding(Mark.OK, "this server is no replica")


def replicas(connected: int, wanted: int) -> Finding:
    if connected < wanted:
        what = f"{connected} of {wanted} replicas are connected: nothing can be sent"
        return Finding(Mark.FAIL, what, "connect them, or lower PEC_REDIS_REPLICAS")
    if connected and not wanted:
        what = f"replicas: {connected} connected, none required: a failover can lose a claim and send its PEC twice"
        return Finding(Mark.WARN, what, "set PEC_REDIS_REPLICAS to 1 or more")
    return Finding(Mark.OK, f"replicas: {connected} connected, {wanted} required")


def demanded_replicas(demanded: int, info: Info) -> Iterator[Finding]:
    """What the server itself demands before it takes a write."""
    good = int(info.get("min_slaves_good_slaves", 0))
    if good < demanded:
        what = f"min-replicas-to-write is {demanded} and {good} are there: the server refuses every write"
        yield Finding(Mark.FAIL, what, "connect them, or lower min-replicas-to-write")


def encrypted(url: str) -> Iterator[Finding]:
    """Whether a password crosses a network that others may listen to."""
    parts = urlsplit(url)
    if parts.scheme == "redis" and parts.password and not is_local(parts.hostname):
        what = f"the password of Redis and all content go to {parts.hostname} unencrypted"
        yield Finding(Mark.WARN, what, "use rediss://, or a network that nobody else is in")


def is_local(host: str | None) -> bool:
    """Whether nothing that is sent there leaves this machine."""
    return host is not None and (host in ("localhost", "::1") or host.startswith("127."))


def redis_cli(client: redis.Redis) -> str:
    """How the server's own command reaches where a client does; a password is left to the person."""
    at = client.connection_pool.connection_kwargs
    if "path" in at:
        return shlex.join(["redis-cli", "-s", at["path"]])
    where = address(client)
    return "redis-cli" if where == _DEFAULT_ADDRESS else shlex.join(["redis-cli", "-u", where])


def configured(client: redis.Redis, info: Info, name: str) -> str | None:
    """A directive as the server has it now; None where it does not tell."""
    try:
        found: Any = client.config_get(name)
    except redis.ResponseError:  # managed servers rename or forbid CONFIG; some of it INFO tells too
        told = {"appendonly": {0: "no", 1: "yes"}.get(info.get("aof_enabled", -1))}
        return told.get(name) or (info.get("maxmemory_policy") if name == "maxmemory-policy" else None)
    return text(found[name]) if name in found else None


def _info(store: Store) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in ("server", "persistence", "memory", "replication"):
        part: Any = store.client.info(section)
        found |= part
    return found


def _broker(store: Store, settings: Settings) -> Iterator[Finding]:
    """Where Dramatiq's queues are, or that this database is not there."""
    away = list(broker_away(settings))
    yield from away
    if not away:
        with connect(settings.broker) as client:
            yield broker(_database(store.client), _database(client), address(client))


def broker_away(settings: Settings) -> Iterator[Finding]:
    """That Dramatiq's database can't be used: then no work is handed out."""
    with connect(settings.broker) as client:
        try:
            check(client)
        except RedisUnreachable:
            what = f"Dramatiq's database can't be used: {address(client)}"
            remedy = "set `databases 16` in the server's configuration, or PEC_BROKER_URL"
            yield Finding(Mark.FAIL, what, remedy)


def _database(client: redis.Redis) -> Database:
    number = int(client.connection_pool.connection_kwargs.get("db") or 0)
    try:
        info: Any = client.info("server")
    except redis.ResponseError:  # this user may not ask
        info = {}
    return Database(str(info.get("run_id") or address(client).rpartition("/")[0]), number)


def _clock_difference(store: Store) -> float:
    asked = time.time()
    theirs = store.now()
    return (asked + time.time()) / 2 - theirs
