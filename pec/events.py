"""Events: what is told of each change, as the stream `pec:events` and the webhooks carry it.

The body is Standard Webhooks' `{type, timestamp, data}`: ids and states, never a message's content.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pec.instants import to_text
from pec.messages import Message
from pec.names import Event, State

MESSAGE_TYPES = tuple(f"message.{state}" for state in State)
TYPES = (*MESSAGE_TYPES, *(str(event) for event in Event))
_INSTANTS = ("sent_at", "accepted_at", "delivered_at", "undelivered_at", "refused_at")


@dataclass(frozen=True, slots=True)
class Told:
    """One event: `id` is the webhook-id, the same however often it is delivered."""

    id: str
    type: str
    body: str  # JSON
    webhook: str | None = None  # an endpoint that hears it beside those that hear everything


class EventReason(BaseModel):
    """Why: a short stable code, a sentence for people, safe facts."""

    code: str
    description: str
    details: dict[str, JsonValue]


class EventData(BaseModel):
    """What happened to whom. Fields that do not apply are left out."""

    model_config = ConfigDict(extra="allow")

    id: str | None = Field(None, description="the message's id")
    sequence: int | None = Field(None, description="grows with each change of the message: order by it")
    account: str | None = None
    recipient: str | list[str] | None = None
    batch: str | None = None
    state: State | None = Field(None, description="the state now")
    previous: State | None = Field(None, description="the state before")
    code: str | None = Field(None, description="the API's code of the PEC")
    attempts: int | None = None
    sent_at: str | None = Field(
        None, description="when the API answered, or the claim if the answer was lost"
    )
    accepted_at: str | None = Field(None, description="the date of its ACCETTAZIONE")
    delivered_at: str | None = Field(None, description="the date of its CONSEGNA")
    undelivered_at: str | None = Field(None, description="the date of its MANCATA CONSEGNA or final notice")
    refused_at: str | None = Field(None, description="the date of its NON ACCETTAZIONE")
    recipients: dict[str, State] | None = Field(None, description="together: the state of each recipient")
    reason: EventReason | None = None
    metadata: dict[str, JsonValue] | None = Field(None, description="the job's, as it came")
    size: int | None = Field(None, description="batch.completed: how many messages")
    counts: dict[State, int] | None = Field(None, description="batch.completed: messages by state")


class EventBody(BaseModel):
    """The field `event` of `pec:events`, and the body of a webhook."""

    type: Literal[TYPES]  # type: ignore[valid-type]  # made of the enums, so that it can't differ from them
    timestamp: str = Field(description="when it happened: RFC 3339, UTC")
    data: EventData


def of_message(
    message: Message, kind: str, previous: State | None, reason: Mapping[str, Any] | None = None
) -> Told:
    """An event about a message as the commit leaves it."""
    stated = reason if reason is not None else message.reason and message.reason.as_dict()
    data = {
        "id": message.id,
        "sequence": message.version,
        "account": message.account,
        "recipient": message.recipients[0] if len(message.recipients) == 1 else list(message.recipients),
        "batch": message.batch,
        "state": message.state,
        "previous": previous,
        "code": message.code,
        "attempts": message.attempts,
        **{name: to_text(at) for name in _INSTANTS if (at := getattr(message, name))},
        "recipients": dict(message.outcomes) or None,
        "reason": stated,
        "metadata": dict(message.metadata) or None,
    }
    event_id = _event_id(message.id, str(message.version), kind, str(data["reason"]) if reason else "")
    return Told(event_id, kind, _body(kind, message.updated_at, data), message.webhook)


def of_account(account: str, kind: Event, now: datetime, reason: Mapping[str, Any] | None) -> Told:
    """An event about a mailbox."""
    body = _body(kind, now, {"account": account, "reason": reason})
    return Told(_event_id(account, kind, to_text(now)), kind, body)


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    present = {name: value for name, value in data.items() if value is not None}
    body = {"type": str(kind), "timestamp": to_text(at), "data": present}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _event_id(*parts: str) -> str:
    return "evt_" + hashlib.blake2b("\0".join(parts).encode(), digest_size=15).hexdigest()
