"""The JSON of events, type by type: the models of `data`, and the JSON Schema made of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.json_schema import models_json_schema

from pec.events import MESSAGE_TYPES, TYPES
from pec.incoming import MailKind
from pec.names import EventType, Proof, State


class _Data(BaseModel):
    """Fields that do not apply are left out, and a newer version may add others."""

    model_config = ConfigDict(extra="allow")


class EventReason(BaseModel):
    """The reason of an event: a short stable code, a sentence for people, safe facts."""

    code: str
    description: str
    details: dict[str, JsonValue]


class MessageData(_Data):
    """The data of an event about a message. Fields that do not apply are left out."""

    id: str = Field(description="the message's id")
    sequence: int = Field(description="grows with each change of the message: order by it")
    account: str
    recipient: str | list[str]
    batch: str | None = None
    state: State = Field(description="the state now")
    previous: State | None = Field(None, description="the state before")
    code: str | None = Field(None, description="the API's code of the PEC")
    attempts: int = Field(description="times its bytes may have left")
    sent_at: str | None = Field(
        None, description="when the API answered, or the claim if the answer was lost"
    )
    accepted_at: str | None = Field(None, description="the date of its ACCETTAZIONE")
    delivered_at: str | None = Field(None, description="the date of its CONSEGNA")
    undelivered_at: str | None = Field(None, description="the date of its MANCATA CONSEGNA or final notice")
    refused_at: str | None = Field(None, description="the date of its NON ACCETTAZIONE")
    proof: Proof | None = Field(None, description="set once each of its receipts is there with its text")
    recipients: dict[str, State] | None = Field(None, description="together: the state of each recipient")
    reason: EventReason | None = None
    traceparent: str | None = Field(None, description="trace context (W3C) of the job, or of its intake")
    metadata: dict[str, JsonValue] | None = Field(None, description="the job's, as it came")


class BatchData(_Data):
    """A batch whose messages have all ended."""

    batch: str
    size: int = Field(description="how many messages")
    counts: dict[State, int] = Field(description="messages by state")


class FieldError(BaseModel):
    """The problem of one field of a job."""

    field: str
    reason: str = Field(description="for people, with the remedy")
    code: str | None = Field(None, description="short and stable, for programs")
    details: dict[str, JsonValue] | None = Field(None, description="what the reason names")


class RejectionData(_Data):
    """A rejected job. Fields that could not be read are left out."""

    entry: str = Field(description="its entry id in pec:jobs, as XADD returned it")
    job_type: str | None = Field(None, description="send, poll, cancel or batch")
    id: str | None = Field(None, description="the job's id; an earlier job may have the same")
    account: str | None = None
    batch: str | None = None
    errors: list[FieldError] = Field(description="the first 20: pec:rejected has all")
    limit_reached: bool | None = Field(
        None, description="true: too many at once, the next rejections may be in pec:rejected only"
    )


class AccountData(_Data):
    """The data of an event about a mailbox."""

    account: str
    reason: EventReason | None = None


class MailData(_Data):
    """The data of an event about a mail that came in and is no receipt of ours."""

    account: str
    kind: MailKind = Field(description="a PEC from another sender, or ordinary mail")
    sender: str = Field(description="its address; through the API perhaps only the name that it gives itself")
    subject: str
    date: str | None = Field(None, description="the date of the mail")
    in_reply_to: str | None = Field(None, description="the id of our message that it replies to")
    attachments: list[str] | None = Field(
        None, description="names of its files; absent if only the API showed it"
    )
    archived: str | None = Field(
        None, description="SHA-256 of its bytes in the archive; absent if it is not there"
    )


DATA: Mapping[str, type[BaseModel]] = {
    **dict.fromkeys(TYPES, MessageData),
    EventType.BATCH_COMPLETED: BatchData,
    EventType.JOB_REJECTED: RejectionData,
    EventType.MAIL_RECEIVED: MailData,
    **dict.fromkeys(
        (EventType.ACCOUNT_PAUSED, EventType.ACCOUNT_RESUMED, EventType.MAILBOX_FILLING), AccountData
    ),
}


_PLAIN = {
    "Instant": {"type": "string", "description": "When it became known: RFC 3339, UTC."},
    "State": {"type": "string", "enum": list(map(str, State)), "description": "Where a message stands."},
}


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema of an event: one of its types, each with its own `data`."""
    models = dict.fromkeys(DATA.values())
    _, found = models_json_schema([(model, "serialization") for model in models])
    return {
        "$defs": {**{name: _without_null(schema) for name, schema in found["$defs"].items()}, **_PLAIN},
        "oneOf": [_of_type(kind) for kind in TYPES],
    }


def _of_type(kind: str) -> dict[str, Any]:
    data: dict[str, Any] = {"$ref": f"#/$defs/{DATA[kind].__name__}"}
    if kind in MESSAGE_TYPES:
        state = {"properties": {"state": {"const": kind.partition(".")[2]}}}
        data = {"allOf": [data, state]}
    return {
        "type": "object",
        "properties": {
            "type": {"const": kind},
            "timestamp": {"$ref": "#/$defs/Instant"},
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
    }


def _without_null(schema: Any) -> Any:
    """Return a schema whose fields are absent or there, but never null, as events have them."""
    if isinstance(schema, list):
        return [_without_null(one) for one in schema if one != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    plain = {
        name: _without_null(value)
        for name, value in schema.items()
        if not (name == "default" and value is None) and not (name == "title" and isinstance(value, str))
    }
    choices = plain.pop("anyOf", [])
    return {**plain, **(choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})}
