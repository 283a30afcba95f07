"""Jobs as producers write them into `pec:jobs`: the models, and the problems of one in words for people.

Values are never quoted in an error: a job may hold content or, by mistake, a password.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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
_ID_OR_BATCH = "needs either id or batch, one of the two"
_SAME_ADDRESS = "the same address stands twice in the list: it would be notified twice"
_LATER = "must be later than not_before"
_TWICE = "stands twice in the job: write it once"
EMPTY_BODY = "is empty: write the message, in HTML"
_CREDENTIALS = frozenset({"username", "password", "token", "x-username", "x-password", "authorization"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of one field of a job: where it is, and why it is one, with the remedy."""

    field: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "reason": self.reason}


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
        raise ValueError(_problem_of_address(text)) from None
    if "." not in parsed.domain:
        raise ValueError("is not an e-mail address such as name@pec.example.it")
    return parsed.normalized


def _problem_of_address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if (
        local
        and local.isascii()
        and (not domain.isascii() or re.search(r"(?:^|\.)xn--", domain, re.IGNORECASE))
    ):
        return "has a domain that no international domain name (IDN) can be: check its spelling"
    if not local.isascii() and "@" not in local:
        return "has a letter before the @ that no PEC address can have: write it without accents"
    return "is not an e-mail address such as name@pec.example.it"


def _subject(text: str) -> str:
    if is_blank(text):
        raise ValueError("is empty: say what the message is about")
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in text):
        raise ValueError("has a line break or control character: write it on one line")
    return text


def _body(text: str) -> str:
    if is_blank(text):
        raise ValueError(EMPTY_BODY)
    return text


def _file_name(text: str) -> str:
    if text in (".", "..") or re.search(r"[/\\\x00-\x1f\x7f]", text):
        raise ValueError("must be a file's name, without folders or control characters")
    return text


def _file(text: str) -> str:
    decode_file(text)
    return text


def _whole(text: str) -> str:
    """JSON can spell half of a surrogate pair, which no PEC can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(_WORDS["string_unicode"]) from None
    return text


def _metadata(found: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return metadata that any JSON reader accepts: Python's JSON alone knows NaN and half characters."""
    try:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise ValueError("holds NaN, Infinity or half a character, which JSON can't: leave it out") from None
    if len(json.dumps(found)) > MAX_METADATA_BYTES:
        raise ValueError(f"is larger than {MAX_METADATA_BYTES} bytes: keep it in your own database")
    return found


def _code(text: str) -> str:
    if not is_code(text):
        raise ValueError("must be the code that the API gave: its time as 14 digits, and 1 to 6 more")
    return text


def _written_out(instant: object) -> object:
    if isinstance(instant, (int, float)):
        raise ValueError(_WORDS["datetime_parsing"])
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
        raise ValueError(EMPTY_BODY)
    return body


class AttachedFile(_Strict):
    """A file: its bytes in `file` (base64 or data URI), or the `sha256` of uploaded ones."""

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_file_name)]
    file: Annotated[str, AfterValidator(_file)] | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.file is None) == (self.sha256 is None):
            raise ValueError("needs either file (base64) or sha256 (of uploaded bytes), one of the two")
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
            raise ValueError("recipient: " + _SAME_ADDRESS)
        if self.not_before and self.not_after and self.not_after <= self.not_before:
            raise ValueError("not_after: " + _LATER)
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
            raise ValueError("id: " + _ID_OR_BATCH)
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
        raise JobRejected([Problem("job", "is not JSON (UTF-8): send one JSON object")]) from None
    if repeated:
        safe = safe_fields({name: value for name, value in found.items() if name not in repeated})
        raise JobRejected([Problem(_shown(name), _TWICE) for name in repeated[:_MAX_DETAILS]], safe)
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
        raise JobRejected([Problem("job", 'must be a JSON object such as {"type": "send", …}')])
    try:
        return JOB.validate_python(found)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)[:_MAX_DETAILS]
        problems = [_problem(detail, found) for detail in details]
        raise JobRejected(_without_echoes(problems), safe_fields(found)) from None
    except RecursionError:
        raise JobRejected(
            [Problem("job", "is nested too deeply: make it flatter")], safe_fields(found)
        ) from None


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
        return Problem("type", f"must be one of {', '.join(_MODELS)}")
    if kind == "extra_forbidden":
        return _stray(name, str(detail["loc"][-1]), str(found.get("type")), nested=len(path) > 1)
    if kind == "missing":
        return Problem(name, "is missing: add it")
    if kind == "value_error":
        return _raised(name, detail["msg"].removeprefix("Value error, "))
    if kind == "string_pattern_mismatch":
        return Problem(
            name, _FORMS.get(path[-1], "has another form than the contract asks: see docs/contract.md")
        )
    words = _WORDS.get(kind)
    reason = words.format(**detail.get("ctx", {})) if words else detail["msg"][:1].lower() + detail["msg"][1:]
    return Problem(name, reason)


def _path(location: tuple[int | str, ...]) -> list[str]:
    """Without the names that pydantic gives to the branches of a union."""
    names = [
        str(part) for part in location[1:] if isinstance(part, int) or re.fullmatch(r"[a-z0-9_]{1,64}", part)
    ]
    return [name for name in names if name != "str"]


def _raised(name: str, text: str) -> Problem:
    field, colon, reason = text.partition(": ")
    return Problem(field, reason) if name == "job" and colon and " " not in field else Problem(name, text)


def _stray(name: str, last: str, kind: str, *, nested: bool) -> Problem:
    if last.lower() in _CREDENTIALS:
        return Problem(
            last if len(last) <= 64 else "job",
            "a job carries no credentials: name an account, and configure the worker",
        )
    if nested:
        return Problem(name[:64], "is not a field here: remove it")
    near = get_close_matches(last[:64], list(_MODELS[kind].model_fields), n=1)
    return Problem(
        _shown(last),
        f"is not a field of a {kind} job: " + (f"did you mean {near[0]}?" if near else "remove it"),
    )


def _shown(name: str) -> str:
    """Return the name of a field that the producer made up, in a form that can be printed."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name[:64]) or "job"


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Return the problems inside a branch of a union rather than those that say "not the other branch"."""
    said: dict[str, Problem] = {}
    for problem in problems:
        top = problem.field.split(".")[0]
        of_type = problem.reason in _TYPE_WORDS and problem.field in _UNIONS
        if of_type:
            said.setdefault(problem.field, Problem(top, _UNIONS[top]))
        else:
            if said.get(top) == Problem(top, _UNIONS.get(top, "")):
                del said[top]
            said.setdefault(problem.field, problem)
    return list(said.values())


_UNIONS = {
    "recipient": "must be an address, or a list of addresses",
    "body": 'must be HTML text, or {"sha256": …} of uploaded HTML',
}
_FORMS = {
    "id": "use 1 to 128 letters, digits, '.', '_', ':' and '-'",
    "batch": "use 1 to 128 letters, digits, '.', '_', ':' and '-'",
    "account": "use the name of a configured mailbox, in lower case",
    "sha256": "must be 64 hexadecimal digits, in lower case",
}
_WORDS = {
    "string_type": "must be a string",
    "string_unicode": "holds half a character (a lone surrogate): write whole ones",
    "recursion_depth_exceeded": "is nested too deeply: make it flatter",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be a JSON object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "literal_error": "must be {expected}",
    "string_too_long": "is longer than {max_length} characters: shorten it",
    "string_too_short": "is empty: fill it in",
    "too_long": "has more than {max_length} entries: use several jobs",
    "too_short": "is empty: fill it in",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "timezone_aware": "needs an offset: write it as 2026-11-23T09:30:00+01:00",
    "datetime_from_date_parsing": "is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00",
    "datetime_parsing": "is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00",
    "datetime_type": "is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}
_TYPE_WORDS = frozenset(_WORDS[kind] for kind in ("string_type", "list_type", "model_type"))
