"""Parts of the vendor's OpenAPI description, for the two servers that answer as it does: sandbox and gateway."""

from typing import Any

from pec.api.vendor_words import FORBIDDEN, UNAUTHORIZED
from pec.api.wire import Envelope

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
                    "sender": {"type": "string"},
                    "recipient": {
                        "description": "one address or many",
                        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                    },
                    "subject": {"type": "string"},
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
