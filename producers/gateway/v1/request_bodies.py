"""The bodies of requests that are read by the models of jobs, as the description states them."""

from typing import Any

from producers.gateway.idempotency import STATED

KEY = {**STATED, "description": f"{STATED['description']}; required if a message has no id"}
_MESSAGE = {"$ref": "#/components/schemas/NewMessage"}
_ID = {"path.id": "$response.body#/id"}
LINKS: dict[str, Any] = {
    "status": {
        "operationId": "getMessage",
        "parameters": {**_ID, "query.entry": "$response.body#/entry"},
    },
    "cancel": {"operationId": "cancelMessage", "parameters": _ID},
    "receipts": {"operationId": "listReceipts", "parameters": _ID},
}
EXAMPLE = {
    "id": "inv-2026-001",
    "account": "acme",
    "recipient": "consegna@pec.example",
    "subject": "Fattura n. 1/2026",
    "body": "<p>In allegato la fattura.</p>",
    "attachments": [{"name": "fattura-1.pdf", "file": "JVBERi0xLjQgLi4u"}],
}
ONE: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": _MESSAGE, "example": EXAMPLE}},
}
MANY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["messages"],
                "additionalProperties": False,
                "properties": {
                    "messages": {"type": "array", "items": _MESSAGE, "minItems": 1, "maxItems": 1000}
                },
            },
            "example": {"messages": [EXAMPLE]},
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "a message as JSON on each line, at most 1,000"}
        },
    },
}
