"""One HTTP exchange with the API: `requests` on its face, the connection of `pec.http` beneath it.

Knows bytes, sockets and deadlines; what an answer means is for `answers.py`. A Session of requests would add cookies,
`.netrc`, proxies and redirects, so none is used.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from math import inf
from typing import TypeVar
from urllib.parse import urlencode

import requests
import urllib3
from requests import adapters
from urllib3.exceptions import HTTPError

from config.settings import Api
from pec.api.answers import Answer
from pec.api.errors import ApiError, OutcomeUnknown, Unreachable
from pec.http.answer import FinalAnswer
from pec.http.connection import Connection, Peer
from pec.http.request import Request, header_lines
from pec.http.tls import bundled_authorities

ANSWER_LIMIT_BYTES = 64_000_000
_CHUNK_BYTES = 65_536
_READ_HEADERS = ("Retry-After", "Date")  # those that have a meaning for us
CheckOpen = Callable[[], None]
BeforeFirstByte = Callable[[CheckOpen], Callable[[], None] | None]
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """The common part of one mailbox's requests. `requests` prepares it once: that takes as long as an exchange."""

    peer: Peer
    _path: str
    _headers: bytes = field(repr=False)

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str | bytes]) -> "Prepared":
        """Raise Unreachable if the URL can't be used."""

        def prepare() -> Prepared:
            request = requests.Request("GET", url, headers=headers).prepare()
            peer = Peer.of(str(request.url), _authorities)
            return cls(peer, request.path_url.rstrip("/"), header_lines(request.headers))

        return _prepared(prepare)

    def request(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None, body: bytes = b""
    ) -> Request:
        """Return a request. Raise Unreachable if a parameter can't be written."""
        query = _prepared(lambda: f"?{urlencode(params)}") if params else ""
        return Request(method, f"{self._path}{path}{query}", self._headers, body)


class ApiConnection:
    """One connection to the API, opened when first needed. For one thread at a time.

    Its errors are never chained to what the libraries raised, because that holds the request and its secrets.
    """

    def __init__(self, api: Api, peer: Peer) -> None:
        self._connect_seconds, self._wait_seconds = api.connect_timeout_seconds, api.timeout_seconds
        self._connection = Connection(peer)

    def post(self, request: Request, seconds: float, before_first_byte: BeforeFirstByte) -> Answer:
        """Send the request once, over a new connection, and return the answer that comes within the seconds.

        `before_first_byte` runs between the opening of the connection and the first byte, and counts for no deadline.
        It is given a function that raises Unreachable if the API hung up, to call shortly before it looks at the clock
        for the last time: a look at the connection takes longer. An API that hangs up after that leaves the outcome
        unknown. What it raises goes through unchanged. What it returns is called when the first bytes have left.

        Raise Unreachable when no byte can have left, else OutcomeUnknown.
        """
        self.open()
        first_byte_left = before_first_byte(self._check_open)
        ends = time.monotonic() + seconds
        ask = partial(self._connection.ask, request, ends, self._wait_seconds, first_byte_left)
        return self._attempt(lambda: self._read(ask()), ends)

    def open(self) -> None:
        """Open a new connection, and write nothing. Raise Unreachable."""
        opened_by = time.monotonic() + self._connect_seconds
        self._attempt(lambda: self._connection.open(opened_by))

    def read(self, request: Request) -> Answer:
        """Send the request over the kept connection, or over a new one, and return the answer.

        It may arrive twice, if the API closes the kept connection while the request is on its way.

        Raise Unreachable when no byte can have left, else OutcomeUnknown.
        """
        opened_by = time.monotonic() + self._connect_seconds
        ends = opened_by + self._wait_seconds
        exchange = partial(self._connection.exchange, request, opened_by, ends, self._wait_seconds)
        return self._attempt(lambda: self._read(exchange()), ends)

    def close(self) -> None:
        """Close the connection, if it is open."""
        self._connection.close()

    def _check_open(self) -> None:
        if not self._connection.idle():
            raise Unreachable("hung_up")

    def _read(self, answer: FinalAnswer) -> Answer:
        headers = {name: values[-1] for name in _READ_HEADERS if (values := answer.all(name.lower()))}
        read = Answer(answer.status, headers, _content(answer))
        self._connection.release(answer)
        return read

    def _attempt(self, step: Callable[[], T], ends: float = inf) -> T:
        try:
            return step()
        except Exception as error:
            failure = self._failure(error, late=time.monotonic() >= ends)
        self._connection.abort()
        raise failure

    def _failure(self, error: Exception, late: bool) -> ApiError:
        if not self._connection.may_have_written:
            return _unreachable(error)
        cause = _first_cause(error)
        word = "deadline" if late else _word(cause)
        return OutcomeUnknown(word, may_have_left=True, cause=_detail(cause))


def _prepared(step: Callable[[], T]) -> T:
    try:
        return step()
    except Exception as error:
        failure = _unreachable(error)
    raise failure


def _authorities() -> ssl.SSLContext:
    return bundled_authorities(adapters.DEFAULT_CA_BUNDLE_PATH)


def _content(answer: FinalAnswer) -> bytes:
    content = _joined(answer.body())
    if codings := ", ".join(answer.all("content-encoding")):  # unasked
        raw = urllib3.HTTPResponse(BytesIO(content), {"Content-Encoding": codings}, preload_content=False)
        content = _joined(raw.stream(_CHUNK_BYTES, decode_content=True))
    return content


def _joined(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > ANSWER_LIMIT_BYTES:
            raise _TooLong
    return bytes(content)


def _unreachable(error: Exception) -> Unreachable:
    cause = _first_cause(error)
    return Unreachable(_word(cause), may_have_left=False, cause=_detail(cause))


def _first_cause(error: BaseException) -> BaseException:
    """Return what happened, beneath the wrappings of requests and urllib3."""
    cause = error
    while isinstance(cause, requests.RequestException | HTTPError):
        inner = cause.__cause__ or cause.__context__
        if inner is None:
            break
        cause = inner
    return cause


def _detail(cause: BaseException) -> str:
    return (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__


def _word(cause: BaseException) -> str:
    return next(word for kind, word in _WORDS if isinstance(cause, kind))
