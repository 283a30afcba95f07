"""The API's answers: the vendor's envelopes, item shapes and refusals, word for word."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel

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
    """In the vendor's envelope."""
    return Refusal(status, Envelope(success=False, message=message).model_dump(), headers)


class Shape(StrEnum):
    """How an item of GET /send/{code} is spelled."""

    LIVE = "live"  # as read from the service
    DOCUMENTED = "documented"  # as its description says


class Envelope(BaseModel):
    success: bool = True
    message: str = ""


class Sent(Envelope):
    sent: int
    message_id: str


class LiveStatus(BaseModel):
    sender: str
    recipient: str
    date: str
    subject: str
    body: str


class ResponseStatus(BaseModel):
    sender: str
    recipient: str
    data: str
    object: str
    message: str


class Statuses(Envelope):
    data: list[ResponseStatus | LiveStatus]


class InboxSearch(BaseModel):
    sender: str
    recipient: str
    date: str
    object: str
    id: int


class InboxPage(Envelope):
    data: list[InboxSearch]
    page: int
    total: int
    n_of_pages: int


class InboxSingle(BaseModel):
    sender: str
    recipient: str
    date: str
    object: str
    body: str


class InboxMessage(Envelope):
    data: InboxSingle


class QuotaResponse(BaseModel):
    usage: int
    limit: int


class Quota(Envelope):
    data: QuotaResponse
