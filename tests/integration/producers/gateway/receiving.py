"""A PEC that was sent through the vendor's door, and receipts of it, stored as a worker does that found them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from pec.receipts import Kind, Receipt
from pec.store.records import receipt_to_json
from pec.store.store import Store
from tests.integration.producers.gateway.calls import pec
from tests.integration.producers.gateway.serving import Served

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CODE = "2026112310300077"  # the vendor's own


def sent(gateway: Served, **fields: Any) -> str:
    answer = gateway.call("POST", "/send", json=pec(**fields))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["message_id"])


def add_receipt(store: Store, message_id: str, kind: Kind, minutes: int = 0, **fields: Any) -> Receipt:
    """Store a receipt, as a worker does that found it."""
    found = Receipt(
        kind=kind,
        subject="Diffida [rif. 97LP2]",
        code=CODE,
        date=AT + timedelta(minutes=minutes),
        sender="posta-certificata@pec.example",
        text=f'il messaggio "Diffida [rif. 97LP2] {CODE}" è stato accettato',
        **{"virus": False, "named": (), "final": None, "error": None, **fields},
    )
    store.client.hset(store.keys.receipts(message_id), found.key, receipt_to_json(found))
    return found


def job_id(redis: Redis) -> str:
    [key] = redis.scan_iter("pec:message:*")
    return str(key.decode().removeprefix("pec:message:"))
