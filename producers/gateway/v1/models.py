"""The answers of /v1 as models: the source of its description. Fields that do not apply are left out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

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


class Upload(Answer):
    """Bytes that messages may name for 7 days."""

    sha256: str
    size: int


class Original(Answer):
    """A receipt as it was signed."""

    sha256: str
    size: int
    verdict: str = Field(description="`verified`, `intact`, `altered` or `unsigned`")
    identificativo: str | None = Field(None, description="the provider's name of the PEC")
    signed_at: Instant | None = None
    url: str = Field(description="path of the signed mail (.eml)")


class Receipt(Answer):
    kind: str
    date: Instant | None = None
    subject: str
    recipients: list[str] | None = None
    error: str | None = None
    text: str | None = None
    text_missing: str | None = Field(None, description="why the archive does not give the text")
    original: Original | None = None


class Receipts(Answer):
    """The receipts of a message, oldest first."""

    receipts: list[Receipt]


class NewBatch(BaseModel):
    """A batch that will have so many messages (recipients, not jobs): `batch.completed` is published then."""

    model_config = ConfigDict(extra="forbid")

    account: str
    name: str
    size: int


class PausedNow(Answer):
    since: Instant
    reason: EventReason


class Batch(Answer):
    """A batch, and how many of its messages are in each state."""

    name: str
    counts: dict[State, int]
    ended: int
    size: int | None = Field(None, description="how many it will have, if that was declared")
    completed_at: Instant | None = None
    paused: PausedNow | None = None
    parked: int | None = Field(None, description="messages that wait because it is paused")


class BatchStep(Answer):
    """The outcome of pausing or resuming."""

    name: str
    outcome: Literal["paused", "already_paused", "resumed", "nothing_left", "not_paused"]


class RoomLeft(Answer):
    """Bytes in the mailbox. A part that is not known yet is left out."""

    used_bytes: int | None = None
    limit_bytes: int | None = None
    expected_bytes: int = Field(description="of receipts that are still to come")
    left_bytes: int | None = Field(None, description="for receipts of further sends")
    left_messages: int | None = None
    waits_since: Instant | None = Field(None, description="since when no send has room")


class Caps(Answer):
    """The caps of the API's token that the account sends under; other accounts may share them."""

    daily_cap: int | None = None
    left_today: int | None = None
    monthly_cap: int | None = None
    left_this_month: int | None = None
    allowed_per_minute: float


class Account(Answer):
    name: str
    sender: str | None = None
    served: bool = Field(description="a live worker is configured with it")
    waiting: int = Field(description="messages in its lane")
    oldest_at: Instant | None = None
    paused: EventReason | None = None
    room: RoomLeft
    caps: Caps | None = None


class Accounts(Answer):
    accounts: list[Account]


class Rejection(Answer):
    """A job that workers did not take. Fields that could not be read are left out."""

    entry: str
    at: Instant
    job_type: str | None = None
    id: str | None = None
    account: str | None = None
    batch: str | None = None
    errors: list[FieldError]


class Rejections(Answer):
    """A page. It can be short, or empty, and others still follow: go on until there is no `next`."""

    rejections: list[Rejection]
    next: str | None = None


class Events(Answer):
    """Events of the token's accounts, oldest first. There can be none, and still more after `next`."""

    events: Annotated[
        list[dict[str, JsonValue]],
        WithJsonSchema({"type": "array", "items": {"$ref": "#/components/schemas/PublishedEvent"}}),
    ]
    next: str = Field(description="cursor of the last event that was looked at")
    gap: bool = Field(description="events after the cursor may have been deleted: read the state of messages")


class Delivery(Answer):
    """The outcome of a test event."""

    endpoint: str
    outcome: Literal["delivered", "gone", "failed"]
    why: str | None = Field(None, description="for people")
    code: str | None = None
    status: int | None = Field(None, description="the endpoint's answer")


def answered(model: type[BaseModel], stated: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the model has, without those that are None."""
    return {name: stated[name] for name in model.model_fields if stated.get(name) is not None}
