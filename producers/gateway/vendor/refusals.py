"""The refusals of the vendor's operations: those that the vendor documents, and the gateway's own."""

from typing import Any

from pec.api import vendor_description, vendor_words
from producers.gateway.problems import RETRY_AFTER

NO_ANSWER = (
    "Redis, the API or the archive gives no answer, or Redis is full: repeat the request after Retry-After"
)


def refusals(*messages: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses`: those given, and those of every operation."""
    found = vendor_description.refusals(*messages, (429, vendor_words.TOO_FAST), (503, NO_ANSWER))
    for status in (429, 503):
        found[status]["headers"] = RETRY_AFTER
    return found
