"""The primary that Sentinels name: a pool that follows it, and which replicas could take its place."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import to_bool
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool, SentinelManagedConnection

from config.redis_failover import TcpConnection, TlsConnection, leaving
from config.redis_refusals import cause_of
from config.sentinel_url import SentinelUrl

_SENTINEL_SECONDS = 0.5  # for one answer: the next Sentinel says the same
_SKIP_SECONDS = 10.0  # for which a Sentinel that gave none is not asked about replicas
_CONNECT_SECONDS = 2.0  # to a primary: when its host is gone, the Sentinels soon name another
_VIEW_SECONDS = 10.0
_OUT_OF_REACH = {"s_down", "o_down", "disconnected"}  # no Sentinel promotes such a replica

Address = tuple[str, int]
_Answer = tuple[dict[str, Any], list[dict[str, Any]]]  # a primary and its replicas, as a Sentinel sees them


class _Following:
    """Mixed into a managed connection of redis-py, which connects to the former primary again in mid-command."""

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        if retry_socket_connect and not self._sock:  # type: ignore[attr-defined]  # a command's own reconnect
            self.host, self.port = self.connection_pool.get_master_address()  # type: ignore[attr-defined]
        super().connect_check_health(check_health, retry_socket_connect=False)  # type: ignore[misc]


class _SentinelTcp(_Following, SentinelManagedConnection, TcpConnection):  # type: ignore[misc]
    """A plain connection to the primary of the moment."""


class _SentinelTls(_Following, SentinelManagedConnection, TlsConnection):  # type: ignore[misc]
    """An encrypted connection to the primary of the moment."""


@dataclass(frozen=True, slots=True)
class View:
    """The answers of all Sentinels, taken together.

    `primary` is None unless most answer, all agree, and none fails over.
    """

    primary: Address | None
    known: int  # replicas
    promotable: int
    answered: int
    asked: int

    @property
    def is_of_most(self) -> bool:
        """Return whether most Sentinels answered."""
        return self.answered * 2 > self.asked


class SentinelPool(SentinelConnectionPool):
    """Connects to the primary that the Sentinels of a URL name."""

    def __init__(self, url: SentinelUrl, options: Mapping[str, Any]) -> None:
        given = url.options
        tls: dict[str, Any] = {name: value for name, value in given.items() if name.startswith("ssl_")}
        if "ssl_check_hostname" in tls:
            tls["ssl_check_hostname"] = to_bool(tls["ssl_check_hostname"])  # type: ignore[no-untyped-call]
        sentinels = _Sentinels(  # type: ignore[no-untyped-call]
            url.sentinels,
            sentinel_kwargs={
                "username": given.get("sentinel_username"),
                "password": given.get("sentinel_password"),
                "socket_timeout": _SENTINEL_SECONDS,
                "socket_connect_timeout": _SENTINEL_SECONDS,
                "retry": Retry(NoBackoff(), 0),
                "maint_notifications_config": MaintNotificationsConfig(enabled=False),
                **({"ssl": True, **tls} if url.encrypts else {}),
            },
        )
        super().__init__(  # type: ignore[no-untyped-call]
            url.primary,
            sentinels,
            connection_class=_SentinelTls if url.encrypts else _SentinelTcp,
            **{**options, "socket_connect_timeout": _CONNECT_SECONDS},
            db=url.database,
            username=url.username,
            password=url.password,
            socket_keepalive=True,
            **tls,
        )
        self.connection_kwargs["leave"] = leaving(self)
        self.url = url
        self._view: View | None = None
        self._viewed_at = 0.0

    def disconnect(self, inuse_connections: bool = True) -> None:
        super().disconnect(inuse_connections)
        if inuse_connections:
            self.sentinel_manager.close()

    def primary(self) -> Address:
        """Return where the primary is, as of the last connection. Raise redis.ConnectionError."""
        found = self.master_address or self.get_master_address()  # type: ignore[no-untyped-call]
        return str(found[0]), int(found[1])

    def follow(self) -> None:
        """Leave a primary that was replaced, though it still takes writes. Raise redis.ConnectionError."""
        self.get_master_address()  # type: ignore[no-untyped-call]  # closes idle connections if it is another

    def view(self) -> View:
        """Return what the Sentinels said within the last seconds."""
        if self._view is None or time.monotonic() - self._viewed_at > _VIEW_SECONDS:
            return self.survey()
        return self._view

    def survey(self, *, patient: bool = False) -> View:
        """Ask every Sentinel now; if `patient`, also those that did not answer lately, which takes its time."""
        self._view = self.sentinel_manager.survey(self.service_name, patient)
        self._viewed_at = time.monotonic()
        return self._view


class _Question:
    """Asks one Sentinel for a primary and its replicas, in one round trip. The answer is read later."""

    def __init__(self, sentinel: redis.Redis, name: str) -> None:
        self.sentinel = sentinel
        self._connection: Any = None
        with suppress(redis.RedisError):
            connection: Any = sentinel.connection_pool.get_connection()
            try:
                asked = [("SENTINEL", what, name) for what in ("MASTER", "SLAVES")]
                connection.send_packed_command(connection.pack_commands(asked))
            except redis.RedisError:
                sentinel.connection_pool.release(connection)
            else:
                self._connection = connection

    def answer(self) -> _Answer | None:
        """Return what it says, or None if it does not answer in time."""
        if self._connection is None:
            return None
        reply: Any = self.sentinel.parse_response
        try:
            return reply(self._connection, "SENTINEL MASTER"), reply(self._connection, "SENTINEL SLAVES")
        except redis.RedisError:
            self._connection.disconnect()  # a reply may be left
            return None
        finally:
            self.sentinel.connection_pool.release(self._connection)


class _Sentinels(Sentinel):
    """The Sentinels of one URL. Threads share the list, so nothing changes it."""

    _first: redis.Redis | None = None  # the one that answered last

    def discover_master(self, service_name: str) -> Address:
        """Return where the primary is. Raise MasterNotFoundError, with what each Sentinel said."""
        reasons = []
        for sentinel in sorted(self.sentinels, key=lambda one: one is not self._first):
            at = sentinel.connection_pool.connection_kwargs
            try:
                masters: Any = sentinel.sentinel_masters()
            except redis.RedisError as error:
                reasons.append(f"{at['host']}:{at['port']}: {cause_of(error)}")
                continue
            state = masters.get(service_name)
            if state and self.check_master_state(state, service_name):  # type: ignore[no-untyped-call]
                self._first = sentinel
                return str(state["ip"]), int(state["port"])
            reasons.append(f"{at['host']}:{at['port']}: {'it is down' if state else 'unknown name'}")
        raise MasterNotFoundError(f"No master found for {service_name}; {'; '.join(reasons)}")

    def survey(self, name: str, patient: bool = False) -> View:
        primaries: set[Address | None] = set()
        reach: dict[Address, bool] = {}
        answers = self._ask_all(name, patient)
        for state, replicas in answers:
            primaries.add(_primary(state))
            for one in replicas:
                at = (str(one["ip"]), int(one["port"]))
                reach[at] = reach.get(at, False) or _is_promotable(one)
        agreed = primaries.pop() if len(primaries) == 1 and len(answers) * 2 > len(self.sentinels) else None
        return View(agreed, len(reach), sum(reach.values()), len(answers), len(self.sentinels))

    def _ask_all(self, name: str, patient: bool) -> list[_Answer]:
        """Ask side by side, because a claim waits for it. All must answer: the last may be the one that fails over."""
        silent = self.__dict__.setdefault("_silent_until", {})
        asked = [
            _Question(sentinel, name)
            for sentinel in self.sentinels
            if patient or silent.get(id(sentinel), 0.0) <= time.monotonic()
        ]
        answers = []
        for question in asked:
            if answer := question.answer():
                answers.append(answer)
                silent.pop(id(question.sentinel), None)
            else:
                silent[id(question.sentinel)] = time.monotonic() + _SKIP_SECONDS
        return answers


def _flags(state: Mapping[str, Any]) -> set[str]:
    said = state["flags"]
    return set(said.split(",") if isinstance(said, str) else said)


def _primary(state: Mapping[str, Any]) -> Address | None:
    """Return the primary that one Sentinel names, or None while it replaces it or misses it."""
    if _flags(state) & {"failover_in_progress", *_OUT_OF_REACH}:
        return None
    return str(state["ip"]), int(state["port"])


def _is_promotable(replica: Mapping[str, Any]) -> bool:
    """Return whether a Sentinel could make this replica the primary.

    A former primary that no Sentinel has demoted yet, and a replica without its primary, are behind the others.
    """
    follows = replica.get("role-reported") == "slave" and replica.get("master-link-status") == "ok"
    return follows and not _flags(replica) & _OUT_OF_REACH and int(replica.get("slave-priority", 100)) > 0


def ask_sentinels(pool: SentinelPool) -> dict[str, Mapping[str, Any] | redis.RedisError]:
    """Return the answer of each Sentinel of the URL about the primary, or its error."""
    found: dict[str, Mapping[str, Any] | redis.RedisError] = {}
    for sentinel in pool.sentinel_manager.sentinels:
        at = sentinel.connection_pool.connection_kwargs
        where = f"{at['host']}:{at['port']}"
        try:
            found[where] = sentinel.sentinel_master(pool.service_name)
        except redis.RedisError as error:
            found[where] = error
    return found
