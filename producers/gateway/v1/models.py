"""The answers of /v1 as models: the source of its description. Fields that do not apply are left out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pec.event_schema import EventReason, FieldError
from pec.names import Proof, State

Instant = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-11-23T08:30:00.000Z"])]


class Answer(BaseModel):
    """A newer version may add fields."""

    model_config = ConfigDict(extra="allow")


class ProblemDocument(Answer):
    """RFC 9457. Programs use `type` and the codes of `errors`."""

    type: str = Field(description="urn:pec:problem: and a stable code")
    title: str
    status: int
    detail: str = Field(description="for people, with the remedy")
    errors: list[FieldError] | None = Field(None, description="faults of the job, field by field")


class Accepted(Answer):
    """A message that is enqueued for sure: on the disk of Redis, and on the replicas awaited."""

    id: str = Field(description="under its account, as events name it")
    account: str
    entry: str = Field(description="its place in the stream of jobs")
    status_url: str = Field(description="path of its status, which answers from now on")


class AcceptedMany(Answer):
    """All messages of the request, in its order. None is enqueued without the others."""

    messages: list[Accepted]


class Attachment(Answer):
    name: str
    sha256: str


class Message(Answer):
    """One PEC."""

    id: str
    account: str
    recipient: str | list[str]
    subject: str
    state: State
    version: int = Field(description="grows with each change; `sequence` in events")
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None = None
    batch: str | None = None
    priority: int
    webhook: str | None = None
    metadata: dict[str, JsonValue] | None = None
    not_before: Instant | None = None
    not_after: Instant | None = None
    attachments: list[Attachment] | None = None
    attempts: int = Field(description="times its bytes may have left")
    code: str | None = Field(None, description="the API's code of the PEC")
    sent_at: Instant | None = None
    accepted_at: Instant | None = Field(None, description="date of its ACCETTAZIONE")
    delivered_at: Instant | None = Field(None, description="date of its CONSEGNA")
    undelivered_at: Instant | None = Field(None, description="date of its MANCATA CONSEGNA or final notice")
    refused_at: Instant | None = Field(None, description="date of its NON ACCETTAZIONE")
    proof: Proof | None = Field(None, description="set once each of its receipts is kept")
    outcomes: dict[str, State] | None = Field(None, description="together: the state of each recipient")
    reason: EventReason | None = None
    duplicate: str | None = Field(None, description="code of an earlier attempt that was sent too")


class Happened(Answer):
    """A state that began, or a receipt."""

    at: Instant | None = Field(None, description="a receipt without a date has none")
    state: State | None = None
    receipt: str | None = Field(None, description="kind of the receipt")
    recipients: list[str] | None = None
    error: str | None = None


class Due(Answer):
    what: str
    at: Instant | None = None


class MessageDetail(Message):
    """One PEC, why it waits or ended, its timeline and what is next."""

    why: str = Field(description="for people")
    position: int | None = Field(None, description="in the lane of its account, from 1")
    turn_at: Instant | None = Field(None, description="estimate of its send")
    timeline: list[Happened]
    next: list[Due]


class JobStatus(Answer):
    """A job that is not one message: no worker has taken it, or it was rejected, or it made several messages."""

    id: str
    account: str | None = None
    state: Literal["pending", "rejected", "several"]
    entry: str | None = None
    errors: list[FieldError] | None = None
    messages: list[str] | None = Field(None, description="ids of the messages that it made")


class Messages(Answer):
    """A page. It can be short, or empty, and others still follow: go on until there is no `next`."""

    messages: list[Message]
    next: str | None = Field(None, description="cursor of the following page")


class Requested(Answer):
    """A job that workers do soon. If they reject it, `/v1/rejections` and an event say so."""

    id: str
    entry: str


def answered(model: type[BaseModel], stated: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the model has, without those that are None."""
    return {name: stated[name] for name in model.model_fields if stated.get(name) is not None}
