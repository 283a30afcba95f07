"""One HTTP exchange with the API: `requests` on its face, the connection of `pec.http` beneath it.

Knows bytes, sockets and deadlines; what an answer means is for `answers.py`. A Session of requests would add cookies,
`.netrc`, proxies and redirects, so none is used.
"""

import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from math import inf
from typing import TypeVar

import requests
import urllib3
from requests import adapters
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from config.settings import Api
from pec.api.answers import Answer
from pec.api.errors import ApiError, OutcomeUnknown, Unreachable
from pec.http.connection import Connection, Peer, Request
from pec.http.tls import bundled_authorities

ANSWER_LIMIT_BYTES = 64_000_000
_CHUNK_BYTES = 65_536
BeforeFirstByte = Callable[[], Callable[[], None] | None]
T = TypeVar("T")


class _TooLong(Exception):
    """The answer is greater than ANSWER_LIMIT_BYTES."""


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


class ApiConnection:
    """One connection to the API, opened when first needed. For one thread at a time.

    Its errors are never chained to what the libraries raised, because that holds the request and its secrets.
    """

    def __init__(self, api: Api) -> None:
        self._connect_seconds, self._wait_seconds = api.connect_timeout_seconds, api.timeout_seconds
        self._connection: Connection | None = None

    def post(self, request: requests.Request, seconds: float, before_first_byte: BeforeFirstByte) -> Answer:
        """Send the request once, over a new connection, and return the answer that comes within the seconds.

        `before_first_byte` runs between the opening of the connection and the first byte, and counts for no deadline.
        What it raises goes through unchanged. What it returns is called when the first bytes have left.

        Raise Unreachable when no byte can have left, else OutcomeUnknown.
        """
        prepared, connection = self.open(request)
        first_byte_left = before_first_byte()
        if not connection.idle():
            raise Unreachable("hung_up")
        ends = time.monotonic() + seconds
        ask = partial(connection.ask, _written(prepared), ends, self._wait_seconds, first_byte_left)
        return self._attempt(lambda: _read(connection, ask()), ends)

    def open(self, request: requests.Request) -> tuple[requests.PreparedRequest, Connection]:
        """Open a new connection to where the request would go, and write nothing. Raise Unreachable."""
        prepared, connection = self._attempt(lambda: self._prepared(request))
        opened_by = time.monotonic() + self._connect_seconds
        self._attempt(lambda: connection.open(opened_by))
        return prepared, connection

    def read(self, request: requests.Request) -> Answer:
        """Send the request over the kept connection, or over a new one, and return the answer.

        It may arrive twice, if the API closes the kept connection while the request is on its way.

        Raise Unreachable when no byte can have left, else OutcomeUnknown.
        """
        opened_by = time.monotonic() + self._connect_seconds
        ends = opened_by + self._wait_seconds
        prepared, connection = self._attempt(lambda: self._prepared(request))
        exchange = partial(connection.exchange, _written(prepared), opened_by, ends, self._wait_seconds)
        return self._attempt(lambda: _read(connection, exchange()), ends)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()

    def _prepared(self, request: requests.Request) -> tuple[requests.PreparedRequest, Connection]:
        prepared = request.prepare()
        self._connection = self._connection or Connection(Peer.of(str(prepared.url), _authorities))
        return prepared, self._connection

    def _attempt(self, step: Callable[[], T], ends: float = inf) -> T:
        try:
            return step()
        except Exception as error:
            failure = self._failure(error, late=time.monotonic() >= ends)
        if self._connection is not None:
            self._connection.abort()
        raise failure

    def _failure(self, error: Exception, late: bool) -> ApiError:
        cause = _first_cause(error)
        detail = (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__
        if self._connection is not None and self._connection.may_have_written:
            return OutcomeUnknown("deadline" if late else _word(cause), may_have_left=True, cause=detail)
        return Unreachable(_word(cause), may_have_left=False, cause=detail)


def _authorities() -> ssl.SSLContext:
    return bundled_authorities(adapters.DEFAULT_CA_BUNDLE_PATH)


def _written(request: requests.PreparedRequest) -> Request:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    return Request(str(request.method), request.path_url, request.headers, body)


def _read(connection: Connection, answer: HTTPResponse) -> Answer:
    with _response(answer) as response:
        read = Answer(response.status_code, response.headers, _content(response))
    connection.release(answer)
    return read


def _response(answer: HTTPResponse) -> requests.Response:
    """Return the answer as a response of requests, which checks its length and decodes what is compressed."""
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers.items())
    response.raw = urllib3.HTTPResponse(
        answer,
        urllib3.HTTPHeaderDict(answer.headers.items()),
        answer.status,
        original_response=answer,
        preload_content=False,
    )
    return response


def _content(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > ANSWER_LIMIT_BYTES:
            raise _TooLong
    return bytes(content)


def _first_cause(error: BaseException) -> BaseException:
    """Return what happened, beneath the wrappings of requests and urllib3."""
    cause = error
    while isinstance(cause, requests.RequestException | HTTPError):
        inner = cause.__cause__ or cause.__context__
        if inner is None:
            break
        cause = inner
    return cause


def _word(cause: BaseException) -> str:
    return next(word for kind, word in _WORDS if isinstance(cause, kind))
