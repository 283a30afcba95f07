"""Answers of the API that are cut, doubled, or of an unknown shape."""

import json
from typing import Any


def garbled(fault: str | None, body: bytes, codes: list[str]) -> bytes:
    match fault:
        case "truncated-after" | "truncated":
            return body[: len(body) // 2]
        case "no_code-after":
            return json.dumps({**json.loads(body), "message_id": None}).encode()
        case "code-twice" if codes:
            return json.dumps({**json.loads(body), "message_id": codes[0]}).encode()
        case "neither-shape":
            return _in_neither_shape(body)
        case "doubled":
            return _doubled(body)
    return body


def _items(body: bytes) -> tuple[dict[str, Any], list[Any]] | None:
    try:
        envelope = json.loads(body)
    except ValueError:
        return None
    data = envelope.get("data")
    return (envelope, data) if isinstance(data, list) else None


def _in_neither_shape(body: bytes) -> bytes:
    found = _items(body)
    if found is None:
        return body
    envelope, data = found
    return json.dumps({**envelope, "data": [{"von": "?", "betreff": item} for item in data]}).encode()


def _doubled(body: bytes) -> bytes:
    """Each item twice, last one first."""
    found = _items(body)
    if found is None:
        return body
    envelope, data = found
    return json.dumps({**envelope, "data": [*reversed(data), *data]}, ensure_ascii=False).encode()
