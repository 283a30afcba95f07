"""Receipts that come for a message, for tests of what is done with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pec.changes import Change, Lane, changed
from pec.messages import Message
from pec.names import State
from pec.receipts import Kind, Receipt

CODE = "2026112412000001"
ACCEPTED_AT = datetime(2026, 11, 24, 11, 0, 5, tzinfo=UTC)


def receipt(kind: Kind, date: datetime | None = ACCEPTED_AT, **fields: Any) -> Receipt:
    plain: dict[str, Any] = {"subject": "Fattura", "code": CODE, "virus": False, "named": ()}
    plain |= {"final": None, "error": None, "sender": "posta-certificata@pec.example"}
    plain |= {"text": f"Ricevuta di {kind}: «perché»\r\n"}
    return Receipt(kind=kind, date=date, **{**plain, **fields})


def received(state: State, *receipts: Receipt, **fields: Any) -> Callable[[Message], Change]:
    """A commit that moves a message, as a worker would, because of these receipts."""

    def change(message: Message) -> Change:
        values = {"state": state, "code": CODE, **fields}
        return replace(changed(message, datetime.now(UTC), values, lane=Lane.LEAVE), receipts=receipts)

    return change
