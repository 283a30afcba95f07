"""Signed POSTs of events to one endpoint, as `pec.http` makes them. No redirect is followed."""

import base64
import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, version
from typing import Self

import requests
from pydantic import SecretStr

from config.settings import Endpoint, Webhooks
from pec.http.address_guard import AddressRefused, require_public
from pec.http.answer import FinalAnswer
from pec.http.connection import Connection, Peer
from pec.http.request import Request, header_lines
from pec.http.retry_after import retry_after_seconds
from pec.http.tls import all_authorities
from pec.instants import from_epoch
from pec.webhooks.answers import Answer, shown
from pec.webhooks.failures import failed
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome

_READ_BYTES = 4096

_Tried = tuple[Outcome, int | None, bytes]  # with the answer's status and the beginning of its body


@dataclass(frozen=True, slots=True)
class _Target:
    """An endpoint's URL, taken apart."""

    peer: Peer
    path: str
    headers: bytes


class Poster:
    """Posts events to one endpoint, over one connection as long as the endpoint keeps it. For one thread at a time.

    `now` gives epoch seconds. A consumer refuses what is signed with a clock that is minutes off, so workers give
    Redis's, not their machine's.
    """

    def __init__(self, webhooks: Webhooks, endpoint: Endpoint, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._timeout_seconds = webhooks.timeout_seconds
        self._guard = None if webhooks.allow_private else require_public
        self._endpoint = endpoint
        self._target: _Target | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def post(self, event_id: str, body: bytes, traceparent: str | None = None) -> Outcome:
        """Post the event and return the outcome, within the timeout all in all. Raise nothing: a failure is Failed.

        `traceparent` is the trace context (W3C) that the consumer's work belongs to.
        """
        begun = time.monotonic()
        outcome, status, said = self._try(event_id, body, traceparent, begun + self._timeout_seconds)
        answer = Answer(time.monotonic() - begun, status, shown(said, self._endpoint) if said else "")
        return replace(outcome, answer=answer)

    def _try(self, event_id: str, body: bytes, traceparent: str | None, ends: float) -> _Tried:
        try:
            return self._deliver(event_id, body, traceparent, ends)
        except AddressRefused as refused:
            return failed("private_address", address=refused.address), None, b""
        except (OSError, HTTPException, ValueError) as error:
            if time.monotonic() >= ends:
                return failed("too_late", seconds=f"{self._timeout_seconds:g}"), None, b""
            return _failed(error), None, b""

    def _deliver(self, event_id: str, body: bytes, traceparent: str | None, ends: float) -> _Tried:
        self._target = target = self._target or _target(self._endpoint.url)
        self._connection = connection = self._connection or Connection(target.peer, self._guard)
        signed = signed_headers(self._endpoint.secret, event_id, body, int(self._now()))
        # What a kept connection may have swallowed is posted again: the event's id is the same.
        traced = {"traceparent": traceparent} if traceparent else {}
        request = Request("POST", target.path, target.headers + header_lines(signed | traced), body)
        response = connection.exchange(request, opened_by=ends, ends=ends)
        said = _beginning(response)
        connection.release(response)
        return self._outcome(response), response.status, said

    def _outcome(self, response: FinalAnswer) -> Outcome:
        if 200 <= response.status < 300:
            return Delivered()
        if response.status == 410:
            return Gone()
        code = "redirect" if 300 <= response.status < 400 else "status"
        wanted = ", ".join(response.all("retry-after"))
        asked = retry_after_seconds(wanted, from_epoch(self._now()))
        return failed(code, status=response.status, retry_after_seconds=asked)


def _beginning(response: FinalAnswer) -> bytes:
    """Return the beginning of the body. A body that is read to its end leaves the connection usable."""
    said = b""
    with suppress(OSError, HTTPException):
        for piece in response.body():
            said += piece
            if len(said) > _READ_BYTES:
                break
    return said[:_READ_BYTES]


@lru_cache(maxsize=64)
def _target(url: str) -> _Target:
    """Normalise the URL; a user name and password in it become Authorization. Raise ValueError."""
    prepared = requests.Request("POST", url).prepare()
    authorization = prepared.headers.get("Authorization")
    return _Target(
        Peer.of(str(prepared.url), all_authorities),
        prepared.path_url,
        header_lines(
            {
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": _user_agent(),
                **({"Authorization": authorization} if authorization else {}),
            }
        ),
    )


def _failed(error: Exception) -> Failed:
    match error:
        case ssl.SSLCertVerificationError():
            return failed("tls", cause=error.verify_message)
        case socket.gaierror():
            return failed("no_such_name")
        case ValueError():
            return failed("unusable_url")  # what the libraries say would quote it
        case OSError():
            return failed("network", cause=error.strerror or str(error))
    return failed("garbled", kind=type(error).__name__)


@cache
def _user_agent() -> str:
    try:
        return f"pecmassiva/{version('pecmassiva')}"
    except PackageNotFoundError:  # run from its folder, not installed
        return "pecmassiva"


# Signatures, by which a consumer knows that an event is ours: Standard Webhooks, scheme v1 (HMAC-SHA256)


def signed_headers(secrets: SecretStr, event_id: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the three headers of one try.

    `secrets` are `whsec_…`, separated by spaces. Each signs, so that a consumer can rotate its secret when it likes.
    `timestamp` is the present in epoch seconds at every try: consumers refuse what is older than 5 minutes.
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = [_signature(secret, signed) for secret in secrets.get_secret_value().split()]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
