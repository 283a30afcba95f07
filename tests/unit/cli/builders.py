"""A message for tests that only care about some of its fields."""

from datetime import UTC, datetime
from typing import Any

from pec.messages import Message
from pec.names import State

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def message(state: State = State.QUEUED, **fields: Any) -> Message:
    plain = {"id": "inv-1", "account": "acme", "recipients": ("x@pec.example",), "subject": "Fattura"}
    return Message(**{**plain, "created_at": NOW, "updated_at": NOW, "state": state, **fields})
