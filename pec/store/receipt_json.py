"""Receipts as `pec:receipts:<id>` keeps them: JSON, one field a receipt."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pec.receipts import Kind, Named, Receipt


def to_json(receipt: Receipt) -> str:
    """Return the receipt as JSON: stored so, and shown so to people and programs."""
    stated = json.dumps(to_dict(receipt), ensure_ascii=False, separators=(",", ":"))
    return stated.encode("utf-8", "replace").decode()  # an API's JSON can hold lone surrogates


def to_dict(receipt: Receipt) -> dict[str, Any]:
    return {
        "kind": str(receipt.kind),
        "date": receipt.date.isoformat() if receipt.date else None,
        "code": receipt.code,
        "subject": receipt.subject,
        "sender": receipt.sender,
        "virus": receipt.virus,
        "final": receipt.final,
        "error": receipt.error,
        "named": [[named.address, named.certified] for named in receipt.named],
        "text": receipt.text,
    }


def from_json(stored: str) -> Receipt:
    found: Mapping[str, Any] = json.loads(stored)
    return Receipt(
        kind=Kind(found["kind"]),
        date=datetime.fromisoformat(found["date"]) if found["date"] else None,
        code=found["code"],
        subject=found["subject"],
        sender=found["sender"],
        virus=found["virus"],
        final=found["final"],
        error=found["error"],
        named=tuple(Named(*pair) for pair in found["named"]),
        text=found["text"],
    )
