"""One POST of one event. No redirects, proxies, cookies or `.netrc`: `http.client` knows none of them."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import SplitResult, urlsplit

import certifi
import requests

from config.settings import Endpoint, Webhooks
from pec.api.answers import retry_after_seconds
from pec.api.deadline import Deadline
from pec.instants import from_epoch
from pec.webhooks.addresses import AddressRefused, connect
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome
from pec.webhooks.signing import signed_headers

_READ_BYTES = 4096


class Poster:
    """Posts events. Threads may share it: every POST has a connection of its own.

    `now` gives epoch seconds: a consumer refuses what is signed with a clock that is minutes off, so workers give
    Redis's, not their machine's.
    """

    def __init__(self, webhooks: Webhooks, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._timeout_seconds = webhooks.timeout
        self._allow_private = webhooks.allow_private

    def post(self, endpoint: Endpoint, event_id: str, body: bytes) -> Outcome:
        """Posts and reads the answer, within the timeout all in all. Raises nothing: what went wrong is Failed."""
        with Deadline() as deadline:
            deadline.start(self._timeout_seconds)
            try:
                return self._exchange(_request(endpoint, event_id, body, self._now()), deadline)
            except AddressRefused as refused:
                return Failed(str(refused))
            except (OSError, HTTPException, ValueError) as error:
                late = f"no answer within {self._timeout_seconds:g} s"
                return Failed(late if deadline.passed else _why(error))

    def _exchange(self, request: requests.PreparedRequest, deadline: Deadline) -> Outcome:
        connection = self._connection(urlsplit(str(request.url)))
        with ExitStack() as stack:
            connection.sock = self._open(connection, deadline, stack)
            connection.request("POST", request.path_url, request.body, dict(request.headers))
            response = stack.enter_context(connection.getresponse())
            if deadline.passed:  # http.client takes headers that were cut off for whole ones
                raise TimeoutError
            with suppress(OSError, HTTPException):
                response.read(_READ_BYTES)  # so that a peer which writes little is not cut off
            return _outcome(response, from_epoch(self._now()))

    def _connection(self, url: SplitResult) -> HTTPConnection:
        host = url.hostname or ""
        if url.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(host, url.port or 443, context=_tls())
        else:
            connection = HTTPConnection(host, url.port or 80)
        connection.auto_open = 0  # never an address that was not checked
        return connection

    def _open(self, connection: HTTPConnection, deadline: Deadline, stack: ExitStack) -> socket.socket:
        """An open connection to an address that was checked. The stack closes it."""
        host, port = connection.host, connection.port
        opened = stack.enter_context(connect(host, port, self._timeout_seconds, self._allow_private))
        # a handle of its own, because TLS takes `opened` over
        deadline.watch(stack.enter_context(opened.dup()))
        if isinstance(connection, HTTPSConnection):
            return stack.enter_context(_tls().wrap_socket(opened, server_hostname=host))
        return opened


@cache
def _tls() -> ssl.SSLContext:
    """For the whole process: reading some 150 authorities takes a while."""
    context = ssl.create_default_context()  # the system's authorities, or those of SSL_CERT_FILE
    context.load_verify_locations(certifi.where())
    return context


def _request(endpoint: Endpoint, event_id: str, body: bytes, now: float) -> requests.PreparedRequest:
    """Normalises the URL; a user name and password in it become Authorization. Raises ValueError."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _user_agent(),
        "Connection": "close",
        **signed_headers(endpoint.secret, event_id, body, int(now)),
    }
    return requests.Request("POST", endpoint.url, headers, data=body).prepare()


def _outcome(response: HTTPResponse, now: datetime) -> Outcome:
    if 200 <= response.status < 300:
        return Delivered()
    if response.status == 410:
        return Gone()
    why = f"answered {response.status}"
    if 300 <= response.status < 400:
        why += ": redirects are not followed, set the address it leads to"
    asked = retry_after_seconds(response.getheader("Retry-After", ""), now)
    return Failed(why, response.status, asked)


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


def _user_agent() -> str:
    try:
        return f"pecmassiva/{version('pecmassiva')}"
    except PackageNotFoundError:  # run from its folder, not installed
        return "pecmassiva"
