"""One HTTP exchange with nothing done behind our back: no retry, redirect, proxy, cookie or `.netrc`.

Knows bytes, sockets and deadlines; what an answer means is for `answers.py`.
"""

import socket
import ssl
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from config.settings import Api
from pec.api.answers import Answer
from pec.api.deadline import Deadline
from pec.api.errors import ApiError, OutcomeUnknown, Unreachable
from pec.http.final_answer import FinalAnswer

ANSWER_LIMIT_BYTES = 64_000_000
_CHUNK_BYTES = 65_536


class _TooLong(Exception):
    """The answer is greater than ANSWER_LIMIT_BYTES."""


class _Stopped(Exception):
    """Carries `at_open`'s exception through urllib3, which would swallow some kinds of OSError."""

    def __init__(self, reason: Exception) -> None:
        self.reason = reason


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "dns"),
    (ssl.SSLError, "tls"),
    (TimeoutError, "timeout"),
    (ConnectionRefusedError, "refused"),
    (ConnectionError, "reset"),
    (_TooLong, "too_long"),
    (OSError, "network"),
    (BaseException, "garbled"),
)


class ApiConnection(HTTPAdapter):
    """One connection to the API, opened when first needed. For one thread at a time.

    It is requests' adapter, whose retries are 0 by default, without a Session, which is what would add
    cookies, `.netrc`, proxies and redirects.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._timeouts_seconds = (api.connect_timeout_seconds, api.timeout_seconds)
        self._socket: socket.socket | None = None
        self._deadline = Deadline()
        self._before_first_byte: Callable[[], None] | None = None
        self._may_have_written = False
        self.reused = False

    def exchange(
        self,
        request: requests.Request,
        deadline: Deadline,
        before_first_byte: Callable[[], None] | None = None,
    ) -> Answer:
        """Send the request and read the answer, within the deadline.

        `at_open` runs between the opening of the connection and the first byte; what it raises goes through
        unchanged.

        Raises Unreachable when no byte can have left, else Unknown. Neither is chained to what the libraries
        raised, because that holds the request and its secrets.
        """
        self._deadline, self._before_first_byte = deadline, before_first_byte
        self._may_have_written = self.reused = self._socket is not None
        if self._socket is not None:
            deadline.watch(self._socket)
        try:
            return self._ask(request)
        except _Stopped as stopped:
            failure = stopped.reason
        except Exception as error:
            failure = self._failure(error)
        raise failure

    def connecting(self) -> None:
        """The connection is about to be opened, or opened again."""
        self._may_have_written = self.reused = False

    def connected(self, connection: HTTPConnection) -> None:
        """The connection is open, and the first byte is next."""
        if self._before_first_byte is not None:
            self._run_hook(connection.sock, self._before_first_byte)
        self._may_have_written = True
        self._socket = connection.sock
        # urllib3 would go on with the connect timeout while the request is being written.
        connection.timeout = self._timeouts_seconds[1]
        connection.sock.settimeout(connection.timeout)
        self._deadline.watch(connection.sock)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of urllib3, making connections that tell this line of their opening."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = partial(
            _ObservedTlsConnection if pool.scheme == "https" else _ObservedConnection, self
        )
        return pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The pool's connections verify against authorities that were read before."""
        if conn.scheme == "https":
            conn.cert_reqs = "CERT_REQUIRED"
            conn.conn_kw["ssl_context"] = _trusting(requests.adapters.DEFAULT_CA_BUNDLE_PATH)

    def _ask(self, request: requests.Request) -> Answer:
        with self.send(request.prepare(), stream=True, timeout=self._timeouts_seconds) as response:
            answer = Answer(response.status_code, response.headers, _content(response))
        if self._deadline.passed:
            raise TimeoutError  # what was cut can look whole: http.client takes any end for the headers' end
        return answer

    def _run_hook(self, connection: socket.socket, before_first_byte: Callable[[], None]) -> None:
        try:
            before_first_byte()
            if _hung_up(connection):
                raise Unreachable("hung_up", "the API closed the connection before the request")
        except Exception as error:
            raise _Stopped(error) from None

    def _failure(self, error: Exception) -> ApiError:
        cause = _first_cause(error)
        word = "deadline" if self._deadline.passed else _word(cause)
        detail = (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__
        if self._may_have_written:
            return OutcomeUnknown(word, f"no usable answer came: {detail}")
        return Unreachable(word, f"the API can't be reached: {detail}")


class _ObservedConnection(HTTPConnection):
    """Tells its line when it opens: after TCP and TLS, before a request's first byte."""

    response_class = FinalAnswer

    def __init__(self, line: ApiConnection, **options: Any) -> None:
        super().__init__(**options)
        self._line = line

    def connect(self) -> None:
        self._line.connecting()
        super().connect()
        self._line.connected(self)


class _ObservedTlsConnection(_ObservedConnection, HTTPSConnection):
    """The same over TLS: between the two in the order of resolution stands HTTPSConnection."""


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """For the whole process: reading some 150 authorities takes 17 ms of CPU, and each send has a new connection."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities)
    return context


def _hung_up(connection: socket.socket) -> bool:
    """Whether the peer closed, or spoke before it was asked. Leaves the socket non-blocking.

    Reading is the only test that TLS 1.3 passes: its tickets make an idle connection readable.
    """
    connection.settimeout(0)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def _content(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > ANSWER_LIMIT_BYTES:
            raise _TooLong
    return bytes(content)


def _first_cause(error: BaseException) -> BaseException:
    """What happened, beneath the wrappings of requests and urllib3."""
    cause = error
    while isinstance(cause, requests.RequestException | HTTPError):
        inner = cause.__cause__ or cause.__context__
        if inner is None:
            break
        cause = inner
    return cause


def _word(cause: BaseException) -> str:
    return next(word for kind, word in _WORDS if isinstance(cause, kind))
