"""Refusals of the sandbox: an answer other than success, raised where it is found."""

from typing import Any

from pec.api.wire import Envelope


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
