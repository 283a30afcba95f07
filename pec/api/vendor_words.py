"""The vendor's answers in words, exactly as its description has them, shared by the sandbox and the gateway."""

from enum import StrEnum

POST_INVALID = "Post parameter is not valid"
UNAUTHORIZED = "Authorization is not valid or empty"
FORBIDDEN = "Scope is not allowed to this token"  # not documented; the same for TOO_FAST
TOO_FAST = "Too many requests"
RESULT_EMPTY = "Result empty"
EMAIL_NOT_FOUND = "Email not found"
MESSAGE_NOT_FOUND = "Message not found"
MAILBOX_UNAVAILABLE = "An error occured: the requested mailbox might be unavailable"  # sic
RECEIPTS_DELETED = "Operation succefull"  # sic
MESSAGE_DELETED = "Message deleted"
DATABASE_ERROR = "MySQL Error 1205"


class Shape(StrEnum):
    """The spelling of an item of GET /send/{code}."""

    LIVE = "live"  # as read from the service
    DOCUMENTED = "documented"  # as its description says
