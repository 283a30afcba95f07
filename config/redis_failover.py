"""Connections that leave a server as soon as it says that it is a replica, and that need no right to CLIENT."""

from collections.abc import Callable
from typing import Any

import redis

_UNBLOCKED = "UNBLOCKED"  # answer to a command that waited while its server became a replica


class Demoted(redis.ConnectionError):
    """The server has become a replica, so the command is repeated, over a new connection.

    A refused command did nothing. One that was interrupted bears being repeated, as all of ours do.
    """


class _Leaving:
    """Mixed into a connection of redis-py. `leave` closes the idle connections to the same server."""

    def __init__(self, *args: Any, name: str = "", leave: Callable[[], None] | None = None, **kwargs: Any):
        self._name = name
        self._leave = leave
        super().__init__(*args, **kwargs)

    def on_connect_check_health(self, check_health: bool = True) -> None:
        """Name the connection for operators, if the server lets this user do so."""
        super().on_connect_check_health(check_health)  # type: ignore[misc]  # the connection's
        if not self._name:
            return
        try:
            self.send_command("CLIENT", "SETNAME", self._name, check_health=check_health)  # type: ignore[attr-defined]
            self.read_response()
        except redis.ResponseError:
            pass

    def read_response(self, *args: Any, disconnect_on_error: bool = True, **kwargs: Any) -> Any:
        """Read a reply. A connection whose reply was not read to its end is closed, whatever the caller asks."""
        try:
            return super().read_response(*args, **kwargs, disconnect_on_error=True)  # type: ignore[misc]
        except redis.ResponseError as error:
            if not isinstance(error, redis.ReadOnlyError) and not str(error).startswith(_UNBLOCKED):
                raise
            self.disconnect()  # type: ignore[attr-defined]
            if self._leave:
                self._leave()
            raise Demoted(str(error), status_code=error.status_code) from error


class TcpConnection(_Leaving, redis.Connection):
    """A plain connection."""


class TlsConnection(_Leaving, redis.SSLConnection):
    """An encrypted connection."""


class UnixConnection(_Leaving, redis.UnixDomainSocketConnection):
    """A connection to a socket of this machine."""
