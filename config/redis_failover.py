"""Connections that refuse a Sentinel and a cluster, leave a replica at once, and need no right to CLIENT."""

import socket
import weakref
from collections.abc import Callable
from typing import Any

import redis

from config.texts import Text, _

ONE_SERVER = _("run one server, with replicas and Sentinels if you like")
_AT_THE_DOOR = ("protected mode", "max number of clients")  # refusals of the connection, not of a command
_UNBLOCKED = "UNBLOCKED"  # answer to a command that waited while its server became a replica
_CUT_OFF = ("NOREPLICAS", "MASTERDOWN")  # of a server that another may have replaced


class Demoted(redis.ConnectionError):
    """The server has become a replica, so the command is repeated, over a new connection.

    A refused command did nothing. One that was interrupted bears being repeated, as all of ours do.
    """


class WrongServer(redis.ResponseError):
    """The server holds no data, or only a part of it. Nothing was asked of it."""

    def __init__(self, text: Text, remedy: Text) -> None:
        super().__init__(text)
        self.remedy = remedy


def leaving(pool: redis.ConnectionPool) -> Callable[[], None]:
    """Return what closes the idle connections of a pool, for its connections' option `leave`."""
    ours = weakref.ref(pool)

    def leave() -> None:
        if found := ours():
            found.disconnect(inuse_connections=False)

    return leave


class _Leaving:
    """Mixed into a connection of redis-py. `leave` closes the idle connections to the same server."""

    def __init__(self, *args: Any, name: str = "", leave: Callable[[], None] | None = None, **kwargs: Any):
        self._name = name
        self._leave = leave
        self._is_cut_off = False
        super().__init__(*args, **kwargs)

    def on_connect_check_health(self, check_health: bool = True) -> None:
        """Greet the server within the time to connect: the system accepts for one that stands still.

        Name the connection for operators, if the server lets this user do so. Raise WrongServer.
        """
        self._sock.settimeout(self.socket_connect_timeout)  # type: ignore[attr-defined]  # the connection's
        super().on_connect_check_health(check_health)  # type: ignore[misc]
        self._refuse(_pairs(self._asked("HELLO", check_health=check_health)).get("mode"), check_health)
        if self._name:
            self._asked("CLIENT", "SETNAME", self._name, check_health=check_health)
        self._sock.settimeout(self.socket_timeout)  # type: ignore[attr-defined]

    def _refuse(self, mode: str | None, check_health: bool) -> None:
        """Raise WrongServer unless the mode, which a server states, is that of a single server or unknown."""
        if mode == "cluster":
            raise WrongServer(_("it runs in cluster mode, which keeps keys on several servers"), ONE_SERVER)
        if mode == "sentinel":
            known = self._asked("SENTINEL", "MASTERS", check_health=check_health) or [[]]
            name = _pairs(known[0]).get("name", "NAME")
            remedy = _("set PEC_REDIS_URL to redis+sentinel://…:26379/{name}/0, with every Sentinel's host")
            raise WrongServer(_("it is a Sentinel, which holds no data"), remedy.format(name=name))

    def _asked(self, *command: str, check_health: bool) -> Any:
        """Return the reply, or None if the server refuses."""
        try:
            self.send_command(*command, check_health=check_health)  # type: ignore[attr-defined]
            return self.read_response()
        except redis.ResponseError as error:
            if any(words in str(error) for words in _AT_THE_DOOR):
                raise
            return None

    def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        if self._is_cut_off:
            self._is_cut_off = False
            self.disconnect()  # type: ignore[attr-defined]
        super().send_packed_command(*args, **kwargs)  # type: ignore[misc]

    def read_response(self, *args: Any, disconnect_on_error: bool = True, **kwargs: Any) -> Any:
        """Read a reply. A connection whose reply was not read to its end is closed, whatever the caller asks.

        One whose server may have been replaced is closed before its next command: other replies may follow.
        """
        try:
            return super().read_response(*args, **kwargs, disconnect_on_error=True)  # type: ignore[misc]
        except redis.ResponseError as error:
            demoted = isinstance(error, redis.ReadOnlyError) or str(error).startswith(_UNBLOCKED)
            if not demoted and not _is_cut_off(error):
                raise
            if self._leave:
                self._leave()
            if not demoted:
                self._is_cut_off = True
                raise
            self.disconnect()  # type: ignore[attr-defined]
            raise Demoted(str(error), status_code=error.status_code) from error


def _is_cut_off(error: redis.ResponseError) -> bool:
    return (error.status_code or str(error).partition(" ")[0]) in _CUT_OFF


def _pairs(reply: Any) -> dict[str, str]:
    """Return the texts of a map, which is a flat list in RESP2."""
    found = (
        reply.items()
        if isinstance(reply, dict)
        else zip((reply or [])[::2], (reply or [])[1::2], strict=False)
    )
    return {_text(name): _text(value) for name, value in found}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class TcpConnection(_Leaving, redis.Connection):
    """A plain connection."""


class TlsConnection(_Leaving, redis.SSLConnection):
    """An encrypted connection."""

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> Any:
        sock.settimeout(self.socket_connect_timeout)
        return super()._wrap_socket_with_ssl(sock)  # type: ignore[no-untyped-call]


class UnixConnection(_Leaving, redis.UnixDomainSocketConnection):
    """A connection to a socket of this machine."""
