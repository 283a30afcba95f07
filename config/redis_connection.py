"""The connection to Redis or Valkey, made in one place so that every process waits and retries alike."""

import os
import socket
from typing import Any

import redis
from redis.backoff import EqualJitterBackoff
from redis.connection import parse_url
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from config.redis_failover import TcpConnection, TlsConnection, UnixConnection, leaving
from config.redis_refusals import cause_of as cause_of  # so that it is imported from here
from config.redis_refusals import remedy_of
from config.redis_sentinel import SentinelPool
from config.redis_url import problem_of_redis_url
from config.sentinel_url import SentinelUrl, is_sentinel_url
from config.texts import _

REDIS_ERRORS = (redis.ConnectionError, redis.TimeoutError)  # "no answer": the command may have run, or not

MAY_NOT = _(
    "the user of the Redis URL may not do this ({why}): see ACLs in docs/operations.md, or name another user"
)

_RETRIES = 5
_RETRY_BASE_SECONDS = 0.1
_RETRY_CAP_SECONDS = 1.0
_HEALTH_CHECK_SECONDS = 30
_READ_BYTES = 4096  # per read; each connection keeps a buffer of this size


class RedisUnreachable(Exception):
    """Redis gave no usable answer. The message names the server, without its password, and the remedy."""


class RedisRefused(RedisUnreachable):
    """Redis is there, and does not let this user in, or not do this."""


def connect(url: str, *, timeout_seconds: float = 5.0, retries: int = _RETRIES) -> redis.Redis:
    """Return a client of a Redis URL. It opens no connection before its first command.

    With `redis+sentinel://` and `rediss+sentinel://` it follows the primary that the Sentinels name.

    Values come back as bytes, because content is stored unchanged. A command that gets no answer is sent
    again up to `retries` times: **every command and script must bear being run twice**. Five retries take some
    2 to 4 seconds beside the timeouts, which outlasts a quick restart of Redis. Where connections open and then
    break, redis-py nests its tries to connect in those, 36 in all. After that, one of `REDIS_ERRORS`.
    A blocking command (`XREAD BLOCK`) must wait for less than `timeout_seconds`.

    Raise ValueError, worded for a person and without the password, if the URL is none.
    """
    if problem := problem_of_redis_url(url):
        raise ValueError(problem)
    if is_sentinel_url(url):
        return redis.Redis.from_pool(SentinelPool(SentinelUrl.parse(url), _options(timeout_seconds, retries)))
    given = parse_url(url)  # type: ignore[no-untyped-call]  # redis-py has no type for it
    return redis.Redis.from_pool(_pool(given, _options(timeout_seconds, retries)))


def _pool(given: dict[str, Any], options: dict[str, Any]) -> redis.ConnectionPool:
    kind = given.pop("connection_class", redis.Connection)
    own = {redis.UnixDomainSocketConnection: UnixConnection, redis.SSLConnection: TlsConnection}
    pool = redis.ConnectionPool(connection_class=own.get(kind, TcpConnection), **options, **given)
    if kind is not redis.UnixDomainSocketConnection:
        pool.connection_kwargs["socket_keepalive"] = True
    pool.connection_kwargs["leave"] = leaving(pool)
    return pool


def _options(timeout_seconds: float, retries: int) -> dict[str, Any]:
    return {
        "decode_responses": False,
        "name": f"pec-{socket.gethostname()}-{os.getpid()}".replace(" ", "-"),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "health_check_interval": _HEALTH_CHECK_SECONDS,
        "socket_read_size": _READ_BYTES,
        "retry": Retry(EqualJitterBackoff(_RETRY_CAP_SECONDS, _RETRY_BASE_SECONDS), retries),
        # a handshake of one vendor's cloud, which Valkey answers with an error on every connection
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def check(client: redis.Redis) -> None:
    """Return once Redis answers. Raise RedisUnreachable, worded for a person, if it does not."""
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        raise unusable(client, error) from error


def unusable(client: redis.Redis, why: Exception) -> RedisUnreachable:
    """Return the error to raise if a command failed for this reason. It names the address, the cause and the remedy."""
    at = address(client)
    if isinstance(why, redis.exceptions.NoPermissionError):
        return RedisRefused(MAY_NOT.format(why=why))
    if isinstance(why, redis.AuthenticationError):
        return RedisRefused(
            _(
                "Redis at {address} refuses the user or password ({why}): "
                "set the right ones in PEC_REDIS_URL, with %23 for #, %2F for /, %3F for ?, %3A for :, "
                "%40 for @, %25 for %"
            ).format(address=at, why=cause_of(why))
        )
    if at.startswith("rediss:") and isinstance(why.__context__, FileNotFoundError):
        remedy = _("name existing TLS files in PEC_REDIS_TLS__… or in the options of PEC_REDIS_URL")
    else:
        remedy = _("start one, or set PEC_REDIS_URL")
    return RedisUnreachable(
        _("Redis at {address} can't be used ({why}): {remedy}").format(
            address=at, why=cause_of(why), remedy=remedy_of(why, remedy)
        )
    )


def address(client: redis.Redis) -> str:
    """Return the address to which a client connects, without user name and password."""
    if isinstance(client.connection_pool, SentinelPool):
        return client.connection_pool.url.address
    at = client.connection_pool.connection_kwargs
    number = at.get("db", 0)
    if "path" in at:
        return f"unix://{at['path']}?db={number}"
    scheme = "rediss" if issubclass(client.connection_pool.connection_class, redis.SSLConnection) else "redis"
    return f"{scheme}://{at.get('host', 'localhost')}:{at.get('port', 6379)}/{number}"


def server_address(client: redis.Redis) -> str:
    """Return the address of the server itself, also if Sentinels named it. Raise redis.ConnectionError."""
    pool = client.connection_pool
    if not isinstance(pool, SentinelPool):
        return address(client)
    host, port = pool.primary()
    return f"{'rediss' if pool.url.encrypts else 'redis'}://{host}:{port}/{pool.url.database}"
