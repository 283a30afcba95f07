"""The gates before every operation: token, scope, pace, canned answers, mailbox credentials."""

import math
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pec.api.vendor_words import FORBIDDEN, TOO_FAST, UNAUTHORIZED
from sandbox.access import mailbox_opened_by
from sandbox.answers import refuse
from sandbox.clock import Instant
from sandbox.mailbox import Mailbox
from sandbox.state import Arrived, Here, Sandbox

BEARER = HTTPBearer(auto_error=False, scheme_name="bearerAuth")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]


async def admitted(request: Request, bearer: Bearer, sandbox: Here, arrived: Arrived) -> str:
    """Return the token, if it may pass. Raise Refusal.

    Nothing is awaited here, so calls are judged in the order in which they came, even if one has a long body.
    """
    return _judge(sandbox, f"{request.method} {request.scope['route'].path}", bearer, arrived)


def _judge(sandbox: Sandbox, operation: str, bearer: HTTPAuthorizationCredentials | None, at: Instant) -> str:
    scopes = sandbox.options.tokens.get(bearer.credentials) if bearer else None
    if bearer is None or scopes is None:
        raise refuse(401, UNAUTHORIZED)
    if _scope(operation) not in scopes:
        raise refuse(403, FORBIDDEN)
    if operation == "POST /send":
        _keep_pace(sandbox, bearer.credentials, at)
    if canned := sandbox.faults.take(operation):
        raise canned
    return bearer.credentials


def _scope(operation: str) -> str:
    """Return the scope of an operation: `GET /send/{code}` → `GET:send`."""
    method, path = operation.split(" ")
    return f"{method}:{path.split('/')[1]}"


def _keep_pace(sandbox: Sandbox, token: str, at: Instant) -> None:
    early_seconds = sandbox.pace.seconds_too_early(token, at)
    if early_seconds:
        raise refuse(429, TOO_FAST, {"Retry-After": str(math.ceil(early_seconds))})


Admitted = Annotated[str, Depends(admitted)]


async def _opened(
    admitted_token: Admitted,
    sandbox: Here,
    x_username: Annotated[str, Header(description="Username of Email to check")],
    x_password: Annotated[str, Header(description="Password of Email to check")],
) -> Mailbox:
    username, password = _as_utf8(x_username), _as_utf8(x_password)
    address = mailbox_opened_by(sandbox.options.mailboxes, username, password, sandbox.senders)
    if address is None:
        raise refuse(401, UNAUTHORIZED)
    return sandbox.network.mailbox(address)


def _as_utf8(header: str) -> str:
    """Decode a header again: headers are read as Latin-1, and clients send other letters in UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


Opened = Annotated[Mailbox, Depends(_opened)]
