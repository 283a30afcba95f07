"""A message: the record that Redis keeps of one PEC, and how it is written as a hash.

Field names here are the public contract (docs/contract.md). A field that this version does not know stays in
Redis untouched, because only differences are written.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from config.texts import _
from pec import searches
from pec.instants import from_text, to_text
from pec.names import ENDS, State
from pec.searches import Search
from pec.subjects import reference_tag


class UnsupportedRecord(Exception):
    """A newer version wrote this record: skip it."""

    def __init__(self, message_id: str, why: object) -> None:
        super().__init__(_("message {id} can't be read: {why}").format(id=message_id, why=why))
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason of a message's state: a short stable code, a sentence for people, safe facts."""

    code: str
    description: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "description": self.description, "details": dict(self.details)}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file's name and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)  # without slots, so that `evolve` copies all fields at once
class Message:
    """One PEC. Times have a time zone. `version` grows with each commit."""

    id: str
    account: str
    recipients: tuple[str, ...]  # one, unless the job said `together`; none known for some polls
    subject: str
    state: State
    created_at: datetime
    updated_at: datetime
    version: int = 0
    order: int = 0  # of intake: the age that lanes sort by
    body: str | None = None  # SHA-256 of the HTML; None for a poll
    attachments: tuple[Attachment, ...] = ()
    room: int = 0  # bytes of the mailbox that the receipts about each recipient may take
    priority: int = 5
    batch: str | None = None
    webhook: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    traceparent: str | None = None  # the trace context (W3C) that the work on it belongs to
    not_before: datetime | None = None
    not_after: datetime | None = None
    has_reference: bool = True  # whether the subject sent carries a reference
    reference: str | None = None  # of the last attempt
    lost_references: tuple[str, ...] = ()  # references of earlier attempts whose answer was lost
    attempts: int = 0  # times its bytes may have left
    requeues: int = 0  # times in a row it went back to the lane without leaving
    claimed_at: datetime | None = None
    code: str | None = None
    sent_at: datetime | None = None  # when the API answered, or the claim where the answer was lost
    accepted_at: datetime | None = None  # this and the next three: dates of receipts
    delivered_at: datetime | None = None
    undelivered_at: datetime | None = None
    refused_at: datetime | None = None
    ended_at: datetime | None = None  # when the end became known here
    proof: str | None = None  # a Proof once each receipt of an ended message is there with its text
    proof_reported: bool = False  # proof.complete was published, and a later receipt made `proof` None again
    exported_at: datetime | None = None  # by `pec export`; counts while it is not older than updated_at
    checks: int = 0  # receipt checks, or look-ups while uncertain, since the state began to need them
    acceptance_late: bool = False  # the operator was notified
    resend: bool = False  # an operator asked: sent again if one more look finds nothing
    duplicate: str | None = None  # the code of an earlier attempt that was sent too
    outcomes: Mapping[str, str] = field(default_factory=dict)  # `together`: the state of each recipient
    reason: Reason | None = None
    searches: tuple[Search, ...] = ()  # of the mailbox, for an attempt whose answer was lost
    history: str = ""  # its states so far (`pec.changes`); "" in records of older versions

    @property
    def ended(self) -> bool:
        return self.state in ENDS

    @property
    def sent_subject(self) -> str:
        """Return the subject as the last attempt gave it to the API."""
        return f"{self.subject} {reference_tag(self.reference)}" if self.reference else self.subject


_NAMES = frozenset(spec.name for spec in fields(Message))


def evolve(message: Message, changes: Mapping[str, Any]) -> Message:
    """Return the message with these fields changed, as `dataclasses.replace` does in ten times the time."""
    if not changes.keys() <= _NAMES:
        raise TypeError(f"no field {', '.join(changes.keys() - _NAMES)}")
    return _made({**vars(message), **changes})


def _made(values: Mapping[str, Any]) -> Message:
    made = object.__new__(Message)
    made.__dict__.update(values)
    return made


def _optional_instant(text: str) -> datetime | None:
    return from_text(text) if text else None


def _write_reason(reason: Reason) -> str:
    return _json(reason.as_dict())


def _read_reason(text: str) -> Reason:
    found = json.loads(text)
    return Reason(found["code"], found["description"], found.get("details") or {})


def _write_recipients(recipients: tuple[str, ...]) -> str:
    return recipients[0] if len(recipients) == 1 else _json(list(recipients))


def _read_recipients(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        return tuple(json.loads(text))
    return (text,) if text else ()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Codec:
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    name: str = ""  # in Redis, where it differs


_TEXT = _Codec(str, str)
_NUMBER = _Codec(str, int)
_FLAG = _Codec(lambda flag: "1" if flag else "", bool)
_INSTANT = _Codec(to_text, _optional_instant)
_DATA = _Codec(_json, json.loads)

_CODECS: dict[str, _Codec] = {
    "recipients": _Codec(_write_recipients, _read_recipients, "recipient"),
    "state": _Codec(str, State),
    "attachments": _Codec(
        lambda files: _json([[file.name, file.sha256] for file in files]),
        lambda text: tuple(Attachment(*pair) for pair in json.loads(text)),
    ),
    "lost_references": _Codec(",".join, lambda text: tuple(text.split(","))),
    "reason": _Codec(_write_reason, _read_reason),
    "searches": _Codec(searches.write, searches.read),
    "metadata": _DATA,
    "outcomes": _DATA,
    **dict.fromkeys(("version", "order", "room", "priority", "attempts", "requeues", "checks"), _NUMBER),
    **dict.fromkeys(("has_reference", "acceptance_late", "resend", "proof_reported"), _FLAG),
    **{
        name.name: _INSTANT
        for name in fields(Message)
        if name.name.endswith("_at") or name.name.startswith("not_")
    },
}
_FIELDS = {spec.name: _CODECS.get(spec.name, _TEXT) for spec in fields(Message) if spec.name != "id"}
_LEFT_OUT = {spec.name: spec.default for spec in fields(Message) if _FIELDS.get(spec.name) is _NUMBER}
_READ = {
    codec.name or name: (name, codec.read) for name, codec in _FIELDS.items()
}  # by the field of the hash
_BLANK = {spec.name: spec.default for spec in fields(Message)}
_ABSENT = object()
_REQUIRED = ("account", "state", "created_at", "updated_at", "version")


def to_hash(message: Message) -> dict[str, str]:
    """Return the hash of `pec:message:<id>`, without empty fields and numbers at their default. The key has the id."""
    return differences(None, message)[0]


def differences(before: Message | None, after: Message) -> tuple[dict[str, str], list[str]]:
    """Return the fields to write and those to delete, so that the hash of one becomes that of the other."""
    written: dict[str, str] = {}
    deleted: list[str] = []
    known_values = vars(before) if before else {}
    for name, value in vars(after).items():
        known = known_values.get(name, _ABSENT)
        if value is known or value == known or name == "id":
            continue
        codec = _FIELDS[name]
        if _is_stored(name, value):
            written[codec.name or name] = codec.write(value)
        elif before and _is_stored(name, known):
            deleted.append(codec.name or name)
    return written, deleted


def _is_stored(name: str, value: Any) -> bool:
    return value != _LEFT_OUT[name] if name in _LEFT_OUT else bool(value)


def from_hash(message_id: str, stored: Mapping[str, str]) -> Message:
    """Return the message of a hash.

    Raise UnsupportedRecord if a field can't be read: a newer version or another program wrote it.
    """
    values: dict[str, Any] = {
        "id": message_id,
        "recipients": (),
        "subject": "",
        "has_reference": False,
        "metadata": {},
        "outcomes": {},
    }
    try:
        for field_name, text in stored.items():
            if spec := _READ.get(field_name):
                name, read = spec
                values[name] = read(text)
        missing = [name for name in _REQUIRED if name not in values]
        if missing:
            raise ValueError(_("no field {field}").format(field=missing[0]))
        return _made({**_BLANK, **values})
    except (ValueError, KeyError, TypeError) as error:
        raise UnsupportedRecord(message_id, error) from None


def public_fields() -> tuple[str, ...]:
    """Return the names of the hash's fields, for the documentation and its test."""
    return tuple(codec.name or name for name, codec in _FIELDS.items())
