"""`Idempotency-Key`: the header by which clients of both surfaces repeat a request safely."""

import re
from typing import Any

from fastapi import Request

from pec.content import sha256
from producers.gateway.problems import Problem

STATED: dict[str, Any] = {  # in the descriptions
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key and body again get the same answer and send nothing, for 7 days",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request) -> str | None:
    """Return the request's key, or None. Raise a 400 Problem if it has another form."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(400, "invalid_key", "Idempotency-Key must be 1 to 255 printable ASCII characters")
    return key


def id_of_key(token_id: str, key: str) -> str:
    """Return the job id of a key: a repeat after its record is gone has it too, and is not sent again."""
    return f"gw-{sha256(f'{token_id} {key}'.encode())[:32]}"


def reused(named: str = "Idempotency-Key", remedy: str = "use a new key") -> Problem:
    """Return the 409 of a key, or of what else `named` the request, that was used before for another one."""
    detail = f"{named} was used before with another request: nothing was enqueued; {remedy}"
    return Problem(409, "key_reused", detail)
