"""POSTs of events to one endpoint. No redirects, proxies, cookies or `.netrc`: `http.client` knows none of them."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib.metadata import PackageNotFoundError, version
from typing import Self, cast
from urllib.parse import urlsplit

import certifi
import requests

from config.settings import Endpoint, Webhooks
from pec.api.answers import retry_after_seconds
from pec.http.address_guard import AddressRefused, connect
from pec.http.deadline_socket import DeadlineSocket
from pec.http.final_answer import FinalAnswer
from pec.instants import from_epoch
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome
from pec.webhooks.signing import signed_headers

_READ_BYTES = 4096
_HUNG_UP = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True, slots=True)
class _Target:
    """An endpoint's URL, taken apart."""

    tls: bool
    host: str
    port: int
    path: str
    headers: dict[str, str]


class Poster:
    """Posts events to one endpoint, over one connection as long as the endpoint keeps it. For one thread at a time.

    `now` gives epoch seconds: a consumer refuses what is signed with a clock that is minutes off, so workers give
    Redis's, not their machine's.
    """

    def __init__(self, webhooks: Webhooks, endpoint: Endpoint, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._timeout_seconds = webhooks.timeout_seconds
        self._allow_private = webhooks.allow_private
        self._endpoint = endpoint
        self._target: _Target | None = None
        self._line: DeadlineSocket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def post(self, event_id: str, body: bytes) -> Outcome:
        """Posts and reads the answer, within the timeout all in all. Raises nothing: what went wrong is Failed."""
        ends = time.monotonic() + self._timeout_seconds
        try:
            return self._deliver(event_id, body, ends)
        except AddressRefused as refused:
            return Failed(str(refused))
        except (OSError, HTTPException, ValueError) as error:
            self._hang_up()
            late = f"no answer within {self._timeout_seconds:g} s"
            return Failed(late if time.monotonic() >= ends else _why(error))

    def _deliver(self, event_id: str, body: bytes, ends: float) -> Outcome:
        self._target = target = self._target or _target(self._endpoint.url)
        headers = target.headers | signed_headers(self._endpoint.secret, event_id, body, int(self._now()))
        if line := self._kept():
            try:
                return self._exchange(target, line, headers, body, ends)
            except _HUNG_UP:
                if line.received:
                    raise
                self._hang_up()  # between two requests, as it may: this one is said again on a new connection
        return self._exchange(target, self._open(target, ends), headers, body, ends)

    def _exchange(
        self, target: _Target, line: DeadlineSocket, headers: dict[str, str], body: bytes, ends: float
    ) -> Outcome:
        line.within(ends)
        connection = _connection(target)
        connection.sock = cast(socket.socket, line)
        connection.request("POST", target.path, body, headers)
        with connection.getresponse() as response:
            with suppress(OSError, HTTPException):
                response.read(_READ_BYTES)  # so that a peer which writes little is not cut off
            if response.will_close or not response.isclosed():
                self._hang_up()
            return self._outcome(response)

    def _kept(self) -> DeadlineSocket | None:
        """The connection of the delivery before, if it is as it was left."""
        if self._line is not None and not self._line.idle():
            self._hang_up()
        return self._line

    def _open(self, target: _Target, ends: float) -> DeadlineSocket:
        """A new connection, to an address that is checked anew."""
        left_seconds = max(ends - time.monotonic(), 0.001)
        self._line = DeadlineSocket(connect(target.host, target.port, left_seconds, self._allow_private))
        if target.tls:
            self._line.within(ends)
            self._line.start_tls(_tls(), target.host)
        return self._line

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _outcome(self, response: HTTPResponse) -> Outcome:
        if 200 <= response.status < 300:
            return Delivered()
        if response.status == 410:
            return Gone()
        why = f"answered {response.status}"
        if 300 <= response.status < 400:
            why += ": redirects are not followed, set the address it leads to"
        asked = retry_after_seconds(response.getheader("Retry-After", ""), from_epoch(self._now()))
        return Failed(why, response.status, asked)


def _target(url: str) -> _Target:
    """Normalises the URL; a user name and password in it become Authorization. Raises ValueError."""
    prepared = requests.Request("POST", url).prepare()
    parts = urlsplit(str(prepared.url))
    tls = parts.scheme == "https"
    authorization = prepared.headers.get("Authorization")
    return _Target(
        tls,
        parts.hostname or "",
        parts.port or (443 if tls else 80),
        prepared.path_url,
        {
            "Content-Type": "application/json",
            "User-Agent": _user_agent(),
            **({"Authorization": authorization} if authorization else {}),
        },
    )


def _connection(target: _Target) -> HTTPConnection:
    if target.tls:
        connection: HTTPConnection = HTTPSConnection(target.host, target.port, context=_tls())
    else:
        connection = HTTPConnection(target.host, target.port)
    connection.response_class = FinalAnswer
    connection.auto_open = 0  # never an address that was not checked
    return connection


@cache
def _tls() -> ssl.SSLContext:
    """For the whole process: reading some 150 authorities takes a while."""
    context = ssl.create_default_context()  # the system's authorities, or those of SSL_CERT_FILE
    context.load_verify_locations(certifi.where())
    return context


def _why(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"TLS: {error.verify_message}"
        case socket.gaierror():
            return "its name can't be resolved"
        case ValueError():
            return "its URL can't be used"  # what the libraries say would quote it
        case OSError():
            return error.strerror or str(error)
    return f"its answer is garbled: {type(error).__name__}"


@cache
def _user_agent() -> str:
    try:
        return f"pecmassiva/{version('pecmassiva')}"
    except PackageNotFoundError:  # run from its folder, not installed
        return "pecmassiva"
