"""Who may call an operation of /v1: tokens with one of its three scopes."""

from typing import Annotated

from fastapi import Depends

from producers.gateway.auth import Caller, caller_with
from producers.gateway.problems import Problem

Sender = Annotated[Caller, Depends(caller_with("v1:send"))]
Reader = Annotated[Caller, Depends(caller_with("v1:read"))]
Manager = Annotated[Caller, Depends(caller_with("v1:manage"))]


def not_found(what: str) -> Problem:
    """Return the answer for what is missing, and for what is another tenant's."""
    return Problem(
        404, "not_found", f"there is no such {what}: check its name, and the accounts of the token"
    )


def no_cursor() -> Problem:
    return Problem(422, "no_cursor", "`after` is no cursor: give `next` of the page before")
