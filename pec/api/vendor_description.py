"""Parts of the vendor's OpenAPI description, for the two servers that answer as it does: sandbox and gateway."""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from pec.api.schema_form import plain
from pec.api.vendor_words import FORBIDDEN, UNAUTHORIZED
from pec.api.wire import Envelope

_ADDRESS = {"type": "string", "format": "email"}
ATTACHMENT = {
    "type": "object",
    "required": ["name", "file"],
    "properties": {
        "name": {"type": "string"},
        "file": {"type": "string", "description": "base64, bare or in a data URI"},
    },
}
SEND_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "title": "RequestSend",
                "type": "object",
                "required": ["sender", "recipient", "subject", "body", "username", "password"],
                "properties": {
                    "sender": _ADDRESS,
                    "recipient": {
                        "description": "one address or many",
                        "oneOf": [_ADDRESS, {"type": "array", "items": _ADDRESS, "minItems": 1}],
                    },
                    "subject": {"type": "string", "minLength": 1},
                    "body": {"type": "string", "description": "HTML"},
                    "attachments": {"oneOf": [ATTACHMENT, {"type": "array", "items": ATTACHMENT}]},
                    "username": {"type": "string"},
                    "password": {"type": "string"},
                },
            },
            "example": {
                "sender": "studio@pec.example",
                "recipient": ["consegna@pec.example"],
                "subject": "Invio di prova",
                "body": "Salve, questa è una prova di invio, con un <b>corpo in html</b>",
                "attachments": [{"name": "allegato.txt", "file": "data:text/plain;base64,U2FsdmU="}],
                "username": "studio@pec.example",
                "password": "password",
            },
        }
    },
}


def refusals(*messages: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses`: those given, and the 401 and 403 of every operation."""
    return {
        status: {
            "model": Envelope,
            "description": message,
            "content": {"application/json": {"example": {"success": False, "message": message}}},
        }
        for status, message in (*messages, (401, UNAUTHORIZED), (403, FORBIDDEN))
    }


def description(routes: Sequence[BaseRoute], title: str, about: str) -> dict[str, Any]:
    """Return the description of these routes in version 3.0, as the vendor's. FastAPI's 422 never comes."""
    found = get_openapi(
        title=title, version="1.0.0", openapi_version="3.0.3", description=about, routes=routes
    )
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(unused, None)
    return plain(found)
