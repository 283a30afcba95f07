"""Jobs as producers write them into `pec:jobs`: the models, and the problems of one by their codes.

Values are never quoted in an error: a job may hold content or, by mistake, a password.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from email_validator import EmailNotValidError, validate_email
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

from pec.content import decode_file, is_blank, sha256
from pec.domains import compared
from pec.problems import SHOWN_DETAILS, Problem, code_of, fault, problem
from pec.subjects import is_code

ID = r"^[A-Za-z0-9._:-]{1,128}$"
MAX_RECIPIENTS = 500
MAX_SUBJECT = 500
MAX_ATTACHMENTS = 100
MAX_METADATA_BYTES = 16_384
MAX_BATCH = 1_000_000_000
_SAFE = {"type": r"^[a-z]{1,16}$", "id": ID, "account": r"^[A-Za-z0-9_-]{1,64}$", "batch": ID}
_MAX_DETAILS = 100  # of a job's faults: more are of no help, and words for 100,000 hold up a thread
_LONGEST_PLACE = 128
_OF_NOTHING = sha256(b"")
_CREDENTIALS = frozenset({"username", "password", "token", "x-username", "x-password", "authorization"})


class JobRejected(Exception):
    """The job can't be taken. `problems` says why; `safe` holds the fields that may be shown."""

    def __init__(self, problems: list[Problem], safe: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.reason}" for problem in problems))
        self.problems = problems
        self.safe = dict(safe or {})


def _address(text: str) -> str:
    try:
        parsed = validate_email(
            text, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise fault(_problem_of_address(text)) from None
    if "." not in parsed.domain:
        raise fault("not_an_address")
    return parsed.normalized


def _problem_of_address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if (
        local
        and local.isascii()
        and (not domain.isascii() or re.search(r"(?:^|\.)xn--", domain, re.IGNORECASE))
    ):
        return "no_such_domain"
    if not local.isascii() and "@" not in local:
        return "accented_address"
    return "not_an_address"


def _subject(text: str) -> str:
    if is_blank(text):
        raise fault("empty_subject")
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in text):
        raise fault("control_character")
    return text


def _body(text: str) -> str:
    if is_blank(text):
        raise fault("empty_body")
    return text


def _file_name(text: str) -> str:
    if text in (".", "..") or re.search(r"[/\\\x00-\x1f\x7f]", text):
        raise fault("not_a_file_name")
    return text


def _file(text: str) -> str:
    decode_file(text)
    return text


def _whole(text: str) -> str:
    """Refuse half of a surrogate pair, which JSON can spell and no PEC can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise fault("half_character") from None
    return text


def _metadata(found: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return metadata that any JSON reader accepts: Python's JSON alone knows NaN and half characters."""
    try:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise fault("metadata_not_json") from None
    if len(json.dumps(found)) > MAX_METADATA_BYTES:
        raise fault("metadata_too_big", max_bytes=MAX_METADATA_BYTES)
    return found


def _code(text: str) -> str:
    if not is_code(text):
        raise fault("not_a_code")
    return text


def _written_out(instant: object) -> object:
    if isinstance(instant, (int, float)):
        raise fault("not_an_instant")
    return instant


Id = Annotated[str, Field(pattern=ID)]
Account = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="a configured mailbox, lower case")
]
Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]
Subject = Annotated[str, Field(max_length=MAX_SUBJECT), AfterValidator(_subject)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]
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

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_file_name)]
    file: Annotated[str, AfterValidator(_file)] | None = None
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
        told = {word: field.pop(word) for word in ("title", "description", "default") if word in field}
        schema["properties"][name] = {"anyOf": [field, {"type": "null"}], **told}


class _Job(_Strict):
    model_config = ConfigDict(json_schema_extra=_with_null)

    v: Literal[1] = Field(1, description="version of the contract")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        """Return the job without the optional fields that are null: null is the same as left out."""
        if not isinstance(found, dict):
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
        Annotated[str, AfterValidator(_whole), AfterValidator(_body)]
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
    metadata: Annotated[dict[str, JsonValue], AfterValidator(_metadata)] = Field(
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
        spelled = [compared(address) for address in self.recipients]
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
    code: Annotated[str, AfterValidator(_code)]
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
    try:
        found, repeated = _read(raw)
    except (ValueError, RecursionError):
        raise JobRejected([problem("job", "not_json")]) from None
    if repeated:
        safe = safe_fields({name: value for name, value in found.items() if name not in repeated})
        raise JobRejected([problem(_shown(name), "repeated_field") for name in repeated[:_MAX_DETAILS]], safe)
    return validate(found)


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
        details = error.errors(include_input=False, include_url=False)[:_MAX_DETAILS]
        problems = [_problem(detail, found) for detail in details]
        raise JobRejected(_without_echoes(problems), safe_fields(found)) from None
    except RecursionError:
        raise JobRejected([problem("job", "nested_too_deeply")], safe_fields(found)) from None


def safe_fields(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a bad job that may be shown: only names that have the form of names."""
    return {
        name: value
        for name, pattern in _SAFE.items()
        if isinstance(value := found.get(name), str) and re.fullmatch(pattern, value)
    }


def _problem(detail: Any, found: Mapping[str, Any]) -> Problem:
    kind, path = detail["type"], _path(detail["loc"])
    name = ".".join(path)[:_LONGEST_PLACE] or "job"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return problem("type", "unknown_type", names=", ".join(_MODELS))
    if kind == "extra_forbidden":
        return _stray(name, str(detail["loc"][-1]), str(found.get("type")), nested=len(path) > 1)
    if kind == "string_pattern_mismatch" and path[-1] in _FORMS:
        return problem(name, _FORMS[path[-1]])
    code = code_of(kind)
    if code is None:
        return Problem(name, detail["msg"][:1].lower() + detail["msg"][1:], "other_fault")
    known = {key: value for key, value in detail.get("ctx", {}).items() if key in SHOWN_DETAILS}
    return problem(detail.get("ctx", {}).get("field", name), code, **known)


def _path(location: tuple[int | str, ...]) -> list[str]:
    """Return the path without the names that pydantic gives to the branches of a union."""
    names = [
        str(part) for part in location[1:] if isinstance(part, int) or re.fullmatch(r"[a-z0-9_]{1,64}", part)
    ]
    return [name for name in names if name != "str"]


def _stray(name: str, last: str, kind: str, *, nested: bool) -> Problem:
    if last.lower() in _CREDENTIALS:
        return problem(last if len(last) <= 64 else "job", "credentials_in_job")
    if nested:
        return problem(name[:64], "stray_field")
    if near := get_close_matches(last[:64], list(_MODELS[kind].model_fields), n=1):
        return problem(_shown(last), "misspelt_field", type=kind, near=near[0])
    return problem(_shown(last), "unknown_field", type=kind)


def _shown(name: str) -> str:
    """Return the name of a field that the producer made up, in a form that can be printed."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name[:64]) or "job"


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Return the problems inside a branch of a union rather than those that say "not the other branch"."""
    said: dict[str, Problem] = {}
    for one in problems:
        top = one.field.split(".")[0]
        if one.code in _OTHER_TYPES and one.field in _UNIONS:
            said.setdefault(one.field, problem(top, _UNIONS[top]))
        else:
            if top in said and said[top].code == _UNIONS.get(top):
                del said[top]
            said.setdefault(one.field, one)
    return list(said.values())


_UNIONS = {"recipient": "not_addresses", "body": "not_a_body"}
_FORMS = {
    "id": "not_an_id",
    "batch": "not_an_id",
    "account": "not_an_account",
    "sha256": "not_a_sha256",
}
_OTHER_TYPES = frozenset({"not_a_string", "not_a_list", "not_an_object"})
