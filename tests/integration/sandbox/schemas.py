"""The vendor's answers, written out once more: each field that must be there, and no other."""

from typing import Any

import jsonschema
import requests

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
RFC_2822 = {"type": "string", "pattern": r"^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0[12]00$"}


def strict(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def success(message: str = "", **properties: Any) -> dict[str, Any]:
    return strict(success={"const": True}, message={"const": message}, **properties)


def failure(message: str) -> dict[str, Any]:
    return strict(success={"const": False}, message={"const": message})


def listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1}


SENT = success(sent=NUMBER, message_id={"type": "string", "pattern": r"^\d{15,20}$"})
LIVE_ITEM = strict(sender=TEXT, recipient=TEXT, date=RFC_2822, subject=TEXT, body=TEXT)
DOCUMENTED_ITEM = strict(sender=TEXT, recipient=TEXT, data=RFC_2822, object=TEXT, message=TEXT)
INBOX_ITEM = strict(sender=TEXT, recipient=TEXT, date=RFC_2822, object=TEXT, id=NUMBER)
INBOX = success(data=listed(INBOX_ITEM), page=NUMBER, total=NUMBER, n_of_pages=NUMBER)
INBOX_MESSAGE = success(data=strict(sender=TEXT, recipient=TEXT, date=RFC_2822, object=TEXT, body=TEXT))
QUOTA = success(data=strict(usage=NUMBER, limit=NUMBER))

UNAUTHORIZED = failure("Authorization is not valid or empty")
POST_INVALID = failure("Post parameter is not valid")


def check(answer: requests.Response, status: int, schema: dict[str, Any]) -> Any:
    """The JSON of an answer that has this status and this schema."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    jsonschema.validate(body, schema)
    return body
