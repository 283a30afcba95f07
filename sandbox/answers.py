"""The vendor's refusals, word for word, and the shapes between which an answer's items vary."""

from enum import StrEnum
from typing import Any

from pec.api.wire import Envelope

POST_INVALID = "Post parameter is not valid"
UNAUTHORIZED = "Authorization is not valid or empty"
FORBIDDEN = "Scope is not allowed to this token"
TOO_FAST = "Too many requests"
RESULT_EMPTY = "Result empty"
EMAIL_NOT_FOUND = "Email not found"
MESSAGE_NOT_FOUND = "Message not found"
MAILBOX_UNAVAILABLE = "An error occured: the requested mailbox might be unavailable"  # sic
RECEIPTS_DELETED = "Operation succefull"  # sic
MESSAGE_DELETED = "Message deleted"
DATABASE_ERROR = "MySQL Error 1205"


class Refusal(Exception):
    """An answer other than success. `body` is an object for JSON, or text for HTML."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def refuse(status: int, message: str, headers: dict[str, str] | None = None) -> Refusal:
    """Return a refusal in the vendor's envelope."""
    return Refusal(status, Envelope(success=False, message=message).model_dump(), headers)


class Shape(StrEnum):
    """The spelling of an item of GET /send/{code}."""

    LIVE = "live"  # as read from the service
    DOCUMENTED = "documented"  # as its description says
