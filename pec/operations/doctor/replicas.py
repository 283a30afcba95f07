"""The checks of `pec doctor` on replicas: one of them holds the truth after a failover."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from config.redis_connection import cause_of, server_address
from config.texts import _
from pec.operations.doctor.server import DURABILITY, Info, configured, is_local, redis_cli
from pec.operations.status.findings import Finding, Mark

_TIMEOUT_SECONDS = 1.0
_CREDENTIALS = ("username", "password", "credential_provider")


def replica_checks(master: redis.Redis) -> Iterator[Finding]:
    """Check each replica that the master names."""
    try:
        info: Any = master.info("replication")
    except redis.ResponseError:  # this user may not ask, which another check reports
        return
    for number in range(int(info.get("connected_slaves", 0))):
        if about := info.get(f"slave{number}"):
            yield from _at(master, str(about["ip"]), int(about["port"]))


def replica(where: str, name: str, value: str | None, wanted: str, cli: str) -> Finding | None:
    """Return what is wrong with one directive of a replica, or None."""
    if value is None:
        what = _("replica {address}: {name} can't be read, and counts after a failover").format(
            address=where, name=name
        )
        return Finding(Mark.NOTE, what, _("make sure that it is {value}").format(value=wanted))
    if value != wanted:
        what = _("replica {address}: {name} is {value}, and counts after a failover").format(
            address=where, name=name, value=value
        )
        remedy = _("`{command} CONFIG SET {name} {value}`, and the same in its configuration file").format(
            command=cli, name=name, value=wanted
        )
        return Finding(Mark.WARN, what, remedy)
    return None


def _at(master: redis.Redis, host: str, port: int) -> Iterator[Finding]:
    where = f"{host}:{port}"
    if _would_expose_password(master, host):
        what = _("replica {address} is not looked at: the password would go there unencrypted").format(
            address=where
        )
        yield Finding(Mark.NOTE, what, _("use rediss://, or look at its configuration yourself"))
        return
    with alike(master, host, port) as client:
        try:
            info: Any = client.info()
            found = list(_directives(client, info, where))
        except (redis.RedisError, OSError) as error:
            what = _("replica {address} can't be looked at from here ({why})").format(
                address=where, why=cause_of(error)
            )
            yield Finding(Mark.NOTE, what, _("look at its configuration yourself"))
            return
    yield from found or [
        Finding(Mark.OK, _("replica {address} is set up like its master").format(address=where))
    ]


def _directives(client: redis.Redis, info: Info, where: str) -> Iterator[Finding]:
    for name, wanted, _danger in DURABILITY:
        if found := replica(where, name, configured(client, info, name), wanted, redis_cli(client)):
            yield found


def _would_expose_password(master: redis.Redis, host: str) -> bool:
    """Return whether the password stays on this machine so far, and would leave it unencrypted."""
    at = master.connection_pool.connection_kwargs
    stays = "path" in at or is_local(urlsplit(server_address(master)).hostname)
    return stays and not _encrypts(master) and bool(at.get("password")) and not is_local(host)


def alike(master: redis.Redis, host: str, port: int) -> redis.Redis:
    """Return a client of the replica with the master's credentials and TLS."""
    at = master.connection_pool.connection_kwargs
    same = {name: value for name, value in at.items() if name in _CREDENTIALS or name.startswith("ssl_")}
    pool = redis.ConnectionPool(
        connection_class=redis.SSLConnection if _encrypts(master) else redis.Connection,
        **same,
        host=host,
        port=port,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return redis.Redis.from_pool(pool)


def _encrypts(client: redis.Redis) -> bool:
    return issubclass(client.connection_pool.connection_class, redis.SSLConnection)
