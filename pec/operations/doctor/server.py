"""The checks of `pec doctor` on the Redis server: settings that can lose a PEC, or send one twice."""

import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import redis

from config.redis_connection import server_address
from config.redis_refusals import cause_of, remedy_of
from config.sentinel_url import SentinelUrl, is_sentinel_url
from config.settings import Settings
from config.texts import _
from pec.operations.doctor.broker import broker_check
from pec.operations.doctor.managed import hidden_demand, hidden_replicas, provided, without_info
from pec.operations.doctor.versions import version
from pec.operations.status.findings import Finding, Mark
from pec.store.job_stream import MAX_MEMORY_SHARE, MAX_MEMORY_SHARE_ARCHIVING, NEARLY_FULL_SHARE
from pec.store.store import Store, text

MAX_CLOCK_DIFFERENCE_SECONDS = 2.0

DURABILITY = (
    ("appendonly", "yes", _("jobs are lost when the server stops")),
    ("appendfsync", "always", _("a claim can be lost with the power, and its message sent twice")),
    (
        "no-appendfsync-on-rewrite",
        "no",
        _("while the file is rewritten nothing is flushed, as with `appendfsync no`"),
    ),
    ("maxmemory-policy", "noeviction", _("the server may delete messages")),
)

_AWAY = _("start it, or set PEC_REDIS_URL")
_REFUSED = _("set the right user and password in PEC_REDIS_URL")

_DEFAULT_ADDRESS = "redis://localhost:6379/0"

Info = Mapping[str, Any]


def redis_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Check the running server."""
    try:
        info, cli = _info(store), redis_cli(store.client)
    except redis.ResponseError as error:
        yield without_info(error)
        return
    yield version(info)
    for name, wanted, danger in DURABILITY:
        value = configured(store.client, info, name)
        yield (
            provided(name, value, wanted, danger)
            if settings.redis_managed
            else durable(name, value, wanted, danger, cli)
        )
    yield from rewritten(configured(store.client, info, "auto-aof-rewrite-percentage"), cli)
    yield from rewrites(info)
    stops_at = MAX_MEMORY_SHARE_ARCHIVING if settings.archive.url else MAX_MEMORY_SHARE
    yield memory(int(info["used_memory"]), int(info.get("maxmemory") or 0), stops_at, cli)
    yield clock(_clock_difference(store))
    yield broker_check(settings)
    yield role(info)
    yield from _replicas(store, settings, info, cli)
    yield from encrypted(settings.redis_url)


def _replicas(store: Store, settings: Settings, info: Info, cli: str) -> Iterator[Finding]:
    connected, awaited = int(info.get("connected_slaves", 0)), settings.redis_replicas
    if settings.redis_managed and not connected and not awaited:
        yield hidden_replicas()
    else:
        yield replicas(connected, awaited, sentinels=is_sentinel_url(settings.redis_url))
    demanded = configured(store.client, info, "min-replicas-to-write")
    if demanded is not None:
        yield from demanded_replicas(int(demanded), info, awaited, cli)
    elif awaited:
        yield hidden_demand()


def durable(name: str, value: str | None, wanted: str, danger: str, cli: str) -> Finding:
    """Return whether a directive of the server has the value that nothing is lost with."""
    if value is None:
        remedy = _(
            "make sure that it is {value}; if a provider runs the server, set PEC_REDIS_MANAGED=true"
        ).format(value=wanted)
        return Finding(
            Mark.WARN,
            _("{name} can't be read: the server does not allow CONFIG GET").format(name=name),
            remedy,
        )
    if value != wanted:
        remedy = _("`{command} CONFIG SET {name} {value}`, and the same in its configuration file").format(
            command=cli, name=name, value=wanted
        )
        return Finding(
            Mark.FAIL, _("{name} is {value}: {danger}").format(name=name, value=value, danger=danger), remedy
        )
    return Finding(Mark.OK, f"{name} {value}")


def rewritten(percentage: str | None, cli: str) -> Iterator[Finding]:
    """Warn if rewriting is off: a backup switches it off (docs/operations.md), and it may have stayed so."""
    if percentage == "0":
        remedy = _(
            "`{command} CONFIG SET auto-aof-rewrite-percentage 100`, unless a backup is being made"
        ).format(command=cli)
        what = _("the append-only file is never rewritten: it grows until the disk is full")
        yield Finding(Mark.WARN, what, remedy)
    elif percentage:
        yield Finding(Mark.OK, _("the append-only file is rewritten when it has grown"))


def rewrites(info: Info) -> Iterator[Finding]:
    """Report a rewrite that failed, which goes unnoticed until the disk is full."""
    if info.get("aof_last_bgrewrite_status", "ok") != "ok":
        what = _("the last rewrite of the append-only file failed: it grows until the disk is full")
        yield Finding(Mark.FAIL, what, _("see the server's log, and make room on its disk"))


def unusable(where: str, why: BaseException) -> Finding:
    """Return the finding for a server that does not answer, or refuses to work."""
    away = _REFUSED if isinstance(why, redis.AuthenticationError) else _AWAY
    return Finding(
        Mark.FAIL,
        _("Redis at {address} can't be used ({why})").format(address=where, why=cause_of(why)),
        remedy_of(why, away),
        unreachable=True,
    )


def memory(used: int, limit: int, stops_at: float, cli: str) -> Finding:
    """Return how near memory is to the share of its limit at which intake stops."""
    if limit == 0:
        return Finding(
            Mark.OK, _("memory: {megabytes} MB in use, without a limit").format(megabytes=f"{used / 1e6:.0f}")
        )
    share = f"{used / limit:.0%}"
    remedy = _("`{command} CONFIG SET maxmemory …` with more, or let messages end").format(command=cli)
    if used > limit * stops_at:
        what = _("memory: {share} of maxmemory is in use, and workers take no new jobs").format(share=share)
        return Finding(Mark.FAIL, what, remedy)
    if used > limit * NEARLY_FULL_SHARE:
        what = _("memory: {share} of maxmemory is in use, and workers take no new jobs above {limit}").format(
            share=share, limit=f"{stops_at:.0%}"
        )
        return Finding(Mark.WARN, what, remedy)
    return Finding(Mark.OK, _("memory: {share} of maxmemory is in use").format(share=share))


def clock(seconds: float) -> Finding:
    """Return how far this machine's clock is from Redis's."""
    if abs(seconds) > MAX_CLOCK_DIFFERENCE_SECONDS:
        what = _("this machine's clock is {seconds} s from Redis's").format(seconds=f"{seconds:+.1f}")
        return Finding(Mark.FAIL, what, _("synchronise both with NTP"))
    return Finding(Mark.OK, _("clock {seconds} s from Redis's").format(seconds=f"{seconds:+.2f}"))


def role(info: Info) -> Finding:
    """Refuse a replica: writes to it are lost when it copies its master again."""
    if info.get("role") != "master":
        master = f"{info.get('master_host')}:{info.get('master_port')}"
        return Finding(
            Mark.FAIL,
            _("this server is a replica of {address}").format(address=master),
            _("set PEC_REDIS_URL to the master"),
        )
    return Finding(Mark.OK, _("this server is no replica"))


def replicas(connected: int, wanted: int, *, sentinels: bool = False) -> Finding:
    """Return whether a failover can lose what was acknowledged.

    Without Sentinels in the URL a process awaits a fixed number of replicas, whichever they are. A planned failover
    can promote one that is not among them, and the former primary goes on with the others: so all are awaited.
    """
    if connected < wanted:
        what = _("{connected} of {required} replicas are connected: nothing can be sent").format(
            connected=connected, required=wanted
        )
        return Finding(Mark.FAIL, what, _("connect them, or lower PEC_REDIS_REPLICAS"))
    if not wanted and (connected or sentinels):
        what = _(
            "replicas: {connected} connected, none required: a failover can lose a claim and send its PEC twice"
        ).format(connected=connected)
        remedy = _("set PEC_REDIS_REPLICAS to {required}, for producers too").format(
            required=max(1, (connected + 1) // 2) if sentinels else connected
        )
        return Finding(Mark.FAIL if sentinels else Mark.WARN, what, remedy)
    if connected == wanted or (sentinels and wanted * 2 >= connected):
        return Finding(
            Mark.OK,
            _("replicas: {connected} connected, {required} required").format(
                connected=connected, required=wanted
            ),
        )
    return _no_majority(connected, wanted, sentinels=sentinels)


def _no_majority(connected: int, wanted: int, *, sentinels: bool) -> Finding:
    what = _(
        "replicas: {required} of {connected} required: a failover to another one can lose jobs and send a PEC twice"
    ).format(connected=connected, required=wanted)
    remedy = (
        _("set PEC_REDIS_REPLICAS to {required} or more, for producers too").format(
            required=(connected + 1) // 2
        )
        if sentinels
        else _("set PEC_REDIS_REPLICAS to {required}, or PEC_REDIS_URL to the Sentinels").format(
            required=connected
        )
    )
    return Finding(Mark.FAIL if sentinels or wanted * 2 <= connected else Mark.WARN, what, remedy)


def demanded_replicas(demanded: int, info: Info, awaited: int, cli: str) -> Iterator[Finding]:
    """Report that the server refuses writes because it has too few replicas, or takes them without any."""
    good = int(info.get("min_slaves_good_slaves", 0))
    if good < demanded:
        what = _(
            "min-replicas-to-write is {demanded}, with {there} there: the server refuses every write"
        ).format(demanded=demanded, there=good)
        yield Finding(Mark.FAIL, what, _("connect them, or lower min-replicas-to-write"))
    elif demanded < awaited:
        what = _(
            "min-replicas-to-write is {demanded}: a server that is cut off takes jobs of producers that do not wait, "
            "and a failover loses them"
        ).format(demanded=demanded)
        remedy = _(
            "`{command} CONFIG SET min-replicas-to-write {awaited}`, and the same on every replica and in its file"
        ).format(command=cli, awaited=awaited)
        yield Finding(Mark.WARN, what, remedy)


def encrypted(url: str) -> Iterator[Finding]:
    """Warn if the password and all content cross a network unencrypted."""
    if is_sentinel_url(url):
        parsed = SentinelUrl.parse(url)
        hosts, clear = [host for host, _port in parsed.sentinels], not parsed.encrypts
        secret = parsed.password or parsed.options.get("sentinel_password")
    else:
        parts = urlsplit(url)
        hosts, clear, secret = [parts.hostname or ""], parts.scheme == "redis", parts.password
    far = [host for host in hosts if not is_local(host)]
    if clear and secret and far:
        what = _("the password of Redis and all content go to {host} unencrypted").format(host=far[0])
        yield Finding(Mark.WARN, what, _("use rediss://, or a private network"))


def is_local(host: str | None) -> bool:
    """Return whether this host is the machine itself."""
    return host is not None and (host in ("localhost", "::1") or host.startswith("127."))


def redis_cli(client: redis.Redis) -> str:
    """Return the `redis-cli` command that reaches the client's server, without its password."""
    at = client.connection_pool.connection_kwargs
    if "path" in at:
        return shlex.join(["redis-cli", "-s", at["path"]])
    where = server_address(client)
    return "redis-cli" if where == _DEFAULT_ADDRESS else shlex.join(["redis-cli", "-u", where])


def configured(client: redis.Redis, info: Info, name: str) -> str | None:
    """Return a directive of the running server, or None if it may not be read."""
    try:
        found: Any = client.config_get(name)
    except redis.ResponseError:  # managed servers rename or forbid CONFIG; INFO holds some of it
        known = {"appendonly": {0: "no", 1: "yes"}.get(info.get("aof_enabled", -1))}
        return known.get(name) or (info.get("maxmemory_policy") if name == "maxmemory-policy" else None)
    return text(found[name]) if name in found else None


def _info(store: Store) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in ("server", "persistence", "memory", "replication"):
        part: Any = store.client.info(section)
        found |= part
    return found


def _clock_difference(store: Store) -> float:
    asked = time.time()
    theirs = store.now()
    return (asked + time.time()) / 2 - theirs
