"""The refusals of an operation of /v1, as its description states them."""

from typing import Any

from producers.gateway.problems import RETRY_AFTER
from producers.gateway.v1.models import ProblemDocument

_WORDS = {
    400: "Idempotency-Key is missing or malformed",
    401: "no token, or one that is unknown, revoked or expired",
    403: "the token lacks the scope",
    404: "there is no such thing, or it is another tenant's",
    408: "the body came too slowly",
    409: "the state does not allow it, or the key was used for another request",
    413: "the body is too large",
    416: "the range is not in the file",
    422: "a part of the request is not valid: see `errors`",
    429: "the rate of the token, or its share of Redis, is used up: see Retry-After",
    503: "Redis gives no answer or is full: repeat the request after Retry-After",
}
_ALWAYS = (401, 403, 422, 429, 503)
BODY = (400, 408, 409, 413)  # of operations with a body


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses`: those given, and those of every operation."""
    return {
        status: {
            "description": _WORDS[status],
            **({"headers": RETRY_AFTER} if status in (429, 503) else {}),
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
                }
            },
        }
        for status in sorted({*statuses, *_ALWAYS})
    }
