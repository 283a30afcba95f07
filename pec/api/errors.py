"""The ways in which an API call can fail. Each class is named by what the caller must do.

ApiError
├── Unreachable     nothing left this machine: try again
├── RateLimited     429: try again after `retry_after_seconds`
├── Invalid         400: the request will never be taken: give up
├── Denied          401, 402, 403: pause the account and alert an operator
├── NotFound        404: there is no such thing (normal for receipts that have not come)
└── OutcomeUnknown  anything else: it may have happened, or not. A send must never be repeated
"""

from collections.abc import Mapping
from typing import Any

from pec.reasons import reason_by_code


class ApiError(Exception):
    """A call to the API without a usable answer.

    `code` is a short stable word, `description` a sentence for people, `details` safe facts (status, excerpt).
    No credential stands in any of the three.
    """

    def __init__(self, code: str, /, **details: Any) -> None:
        self.reason = reason_by_code(code, **details)
        super().__init__(f"{code}: {self.reason.description}")

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def description(self) -> str:
        return self.reason.description

    @property
    def details(self) -> Mapping[str, Any]:
        return self.reason.details


class Unreachable(ApiError):
    """The connection was never made (refused, DNS, TLS, connect timeout): no byte of the request left."""


class RateLimited(ApiError):
    """429. `details["retry_after_seconds"]` if the API named a time."""


class Invalid(ApiError):
    """400: the API refuses the request itself."""


class Denied(ApiError):
    """401 `credentials`, 402 `wallet`, 403 `scope`."""


class NotFound(ApiError):
    """404."""


class OutcomeUnknown(ApiError):
    """Read timeout, reset, 3xx, 5xx, a success without a code, an answer that can't be parsed."""
