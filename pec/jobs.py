"""Jobs as producers write them into `pec:jobs`: their models, read from JSON or refused.

Values are never quoted in an error: a job may hold content or, by mistake, a password.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from config.texts import joined
from pec import content, trace_context
from pec.content import sha256
from pec.domains import compared
from pec.job_faults import problems_of, repeated_fields
from pec.problems import Problem, fault, problem

ID = r"^[A-Za-z0-9._:-]{1,128}$"
MAX_RECIPIENTS = 500
MAX_SUBJECT = 500
MAX_ATTACHMENTS = 100
MAX_BATCH = 1_000_000_000
_SAFE = {"type": r"^[a-z]{1,16}$", "id": ID, "account": r"^[A-Za-z0-9_-]{1,64}$", "batch": ID}
_OF_NOTHING = sha256(b"")


class JobRejected(Exception):
    """The job can't be taken. `problems` says why; `safe` holds the fields that may be shown."""

    def __init__(self, problems: list[Problem], safe: Mapping[str, str] | None = None) -> None:
        super().__init__(joined("; ", [joined(": ", (one.field, one.reason)) for one in problems]))
        self.problems = problems
        self.safe = dict(safe or {})


Id = Annotated[str, Field(pattern=ID)]
Account = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="a configured mailbox, lower case")
]
Address = Annotated[str, Field(max_length=content.MAX_ADDRESS), AfterValidator(content.address)]
Subject = Annotated[str, Field(max_length=MAX_SUBJECT), AfterValidator(content.subject)]
Instant = Annotated[AwareDatetime, BeforeValidator(content.written_out)]
Sha256 = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of bytes put at pec:upload:<sha256>")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContentRef(_Strict):
    """Bytes that the producer has uploaded."""

    sha256: Sha256


def _uploaded_body(body: ContentRef) -> ContentRef:
    if body.sha256 == _OF_NOTHING:
        raise fault("empty_body")
    return body


class AttachedFile(_Strict):
    """A file: its bytes in `file` (base64 or data URI), or the `sha256` of uploaded ones."""

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(content.file_name)]
    file: Annotated[str, AfterValidator(content.file)] | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.file is None) == (self.sha256 is None):
            raise fault("file_or_sha256")
        return self


def _with_null(schema: dict[str, Any]) -> None:
    """Let null stand for an optional field that is left out, as `_Job` does."""
    for name, field in schema["properties"].items():
        if name in schema.get("required", ()) or {"type": "null"} in field.get("anyOf", ()):
            continue
        stated = {word: field.pop(word) for word in ("title", "description", "default") if word in field}
        schema["properties"][name] = {"anyOf": [field, {"type": "null"}], **stated}


class _Job(_Strict):
    model_config = ConfigDict(json_schema_extra=_with_null)

    v: Literal[1] = Field(1, description="version of the contract")
    traceparent: Annotated[str, AfterValidator(trace_context.valid_or_none)] | None = Field(
        None,
        description="trace context (W3C) that the work on the job belongs to; ignored if it is not valid",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        """Return the job without the optional fields that are null: null is the same as left out."""
        if not isinstance(found, dict) or None not in found.values():
            return found
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        return {
            name: value
            for name, value in found.items()
            if value is not None or name in required or name not in cls.model_fields
        }


class SendJob(_Job):
    """Send a PEC. `id` is the idempotency key: the same job again is ignored, another with its id rejected."""

    type: Literal["send"]
    id: Id
    account: Account
    recipient: Address | Annotated[list[Address], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    subject: Subject
    body: (
        Annotated[str, AfterValidator(content.whole), AfterValidator(content.body)]
        | Annotated[ContentRef, AfterValidator(_uploaded_body)]
    ) = Field(description="HTML, or the hash of uploaded HTML (UTF-8)")
    attachments: Annotated[tuple[AttachedFile, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    batch: Id | None = None
    priority: Annotated[int, Field(ge=0, le=9, strict=True, description="higher first")] = 5
    not_before: Instant | None = Field(None, description="RFC 3339: not sent earlier")
    not_after: Instant | None = Field(None, description="RFC 3339: not sent later, but expired")
    webhook: str | None = Field(
        None, max_length=64, description="an endpoint that gets this message's events too"
    )
    metadata: Annotated[dict[str, JsonValue], AfterValidator(content.metadata)] = Field(
        default_factory=dict, description="echoed in events"
    )
    reference: bool | None = Field(
        None, strict=True, description="append a reference; default: the account's"
    )
    together: bool = Field(False, strict=True, description="one PEC to all recipients, who see each other")

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.recipient,) if isinstance(self.recipient, str) else tuple(self.recipient)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not isinstance(self.recipient, str):
            spelled = [compared(address) for address in self.recipient]
            if len(set(spelled)) != len(spelled):
                raise fault("repeated_address", field="recipient")
        if self.not_before and self.not_after and self.not_after <= self.not_before:
            raise fault("not_after_too_early", field="not_after")
        return self


class PollJob(_Job):
    """Follow the receipts of a PEC that something else sent."""

    type: Literal["poll"]
    id: Id
    account: Account
    code: Annotated[str, AfterValidator(content.code)]
    subject: Subject | None = None
    recipient: Address | None = None


class CancelJob(_Job):
    """Cancel a message that is not yet sent, or all such of a batch."""

    type: Literal["cancel"]
    id: Id | None = None
    batch: Id | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.id is None) == (self.batch is None):
            raise fault("id_or_batch", field="id")
        return self


class BatchJob(_Job):
    """State how many messages a batch will have, so that `batch.completed` can be published."""

    type: Literal["batch"]
    id: Id
    size: Annotated[int, Field(ge=1, le=MAX_BATCH, strict=True)]


Job = SendJob | PollJob | CancelJob | BatchJob
JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="type")])
_MODELS: dict[str, type[BaseModel]] = {
    "send": SendJob,
    "poll": PollJob,
    "cancel": CancelJob,
    "batch": BatchJob,
}


def parse(raw: bytes | str) -> Job:
    """Return the job of a stream entry. Raise JobRejected."""
    return validate(read_json(raw))


def read_json(raw: bytes | str) -> Any:
    """Return what the JSON of a job says, for `validate`. Raise JobRejected if it is none, or repeats a field."""
    try:
        found, repeated = _read(raw)
    except (ValueError, RecursionError):
        raise JobRejected([problem("job", "not_json")]) from None
    if repeated:
        stated = found.items() if isinstance(found, dict) else ()
        safe = safe_fields({name: value for name, value in stated if name not in repeated})
        raise JobRejected(repeated_fields(repeated), safe)
    return found


def _read(raw: bytes | str) -> tuple[Any, list[str]]:
    """Return what the JSON says, and the names that stand twice in one object.

    Python's JSON keeps the last of two values without a word, and others keep the first.
    """
    repeated: dict[str, None] = {}

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated.update(dict.fromkeys(name for name, count in counts.items() if count > 1))
        return found

    return json.loads(raw, object_pairs_hook=once), list(repeated)


def validate(found: object) -> Job:
    """Return the job of parsed JSON. Raise JobRejected."""
    if not isinstance(found, dict):
        raise JobRejected([problem("job", "not_a_job")])
    try:
        return JOB.validate_python(found)
    except ValidationError as error:
        problems = problems_of(error, str(found.get("type")), _MODELS)
        raise JobRejected(problems, safe_fields(found)) from None
    except RecursionError:
        raise JobRejected([problem("job", "nested_too_deeply")], safe_fields(found)) from None


def safe_fields(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a bad job that may be shown: only names that have the form of names."""
    return {
        name: value
        for name, pattern in _SAFE.items()
        if isinstance(value := found.get(name), str) and re.fullmatch(pattern, value)
    }
