"""The requests and answers of the vendor's API as its description states them, checked to the letter. Pure.

The sandbox answers with these models. The client reads answers by `answers.py` instead, which also takes what the live
service sends beside its description.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, StrictInt, TypeAdapter

from pec.api.vendor_words import Shape
from pec.content import from_base64

MAX_BYTES = 30_000_000  # the law's 30 MB, of encoded size times recipients


def _as_list(value: Any) -> Any:
    """Return a list of what the vendor takes as one or many: recipients and attachments."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_NUMBERS: TypeAdapter[list[int]] = TypeAdapter(list[StrictInt])


def _decoded(value: Any) -> bytes:
    """Decode bare base64, a data URI that holds it, or what JSON writes for a Buffer of Node."""
    if isinstance(value, dict) and value.get("type") == "Buffer":
        return bytes(_NUMBERS.validate_python(value.get("data")))
    if not isinstance(value, str):
        raise ValueError("must be base64")
    head, comma, rest = value.partition(",")
    is_uri = head.startswith("data:") and head.endswith(";base64")
    try:
        return from_base64(rest if is_uri and comma else value)
    except ValueError as error:
        raise ValueError("must be base64") from error


Address = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]


class SentFile(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    file: Annotated[bytes, BeforeValidator(_decoded)]

    @property
    def encoded_bytes(self) -> int:
        return (len(self.file) + 2) // 3 * 4


class SendRequest(BaseModel):
    """The body of POST /send. `model_validate_json` raises pydantic's ValidationError."""

    sender: Address
    recipient: Annotated[tuple[Address, ...], BeforeValidator(_as_list), Field(min_length=1)]
    subject: Annotated[str, Field(pattern=r"^[^\r\n]+$")]
    body: str
    attachments: Annotated[tuple[SentFile, ...], BeforeValidator(_as_list)] = ()
    username: str
    password: SecretStr

    @property
    def size_bytes(self) -> int:
        """Return the size of the encoded message: body, and attachments in base64."""
        return len(self.body.encode()) + sum(attachment.encoded_bytes for attachment in self.attachments)

    @property
    def too_big(self) -> bool:
        return self.size_bytes * len(self.recipient) > MAX_BYTES


class Envelope(BaseModel):
    success: bool = True
    message: str = ""


class Sent(Envelope):
    sent: int
    message_id: str


class LiveStatus(BaseModel):
    sender: str
    recipient: str
    date: str
    subject: str
    body: str


class ResponseStatus(BaseModel):
    sender: str
    recipient: str
    data: str
    object: str
    message: str


class Statuses(Envelope):
    data: list[ResponseStatus | LiveStatus]


def status(
    shape: Shape, *, sender: str, recipient: str, date: str, subject: str, text: str
) -> ResponseStatus | LiveStatus:
    """Return an item of GET /send/{code} in one of its two spellings."""
    if shape is Shape.LIVE:
        return LiveStatus(sender=sender, recipient=recipient, date=date, subject=subject, body=text)
    return ResponseStatus(sender=sender, recipient=recipient, data=date, object=subject, message=text)


class InboxSearch(BaseModel):
    sender: str
    recipient: str
    date: str
    object: str
    id: int


class InboxPage(Envelope):
    data: list[InboxSearch]
    page: int
    total: int
    n_of_pages: int


class InboxSingle(BaseModel):
    sender: str
    recipient: str
    date: str
    object: str
    body: str


class InboxMessage(Envelope):
    data: InboxSingle


class QuotaResponse(BaseModel):
    usage: int
    limit: int


class Quota(Envelope):
    data: QuotaResponse
