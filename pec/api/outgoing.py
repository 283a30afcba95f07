"""A PEC on its way out, and the JSON body that POST /send takes."""

import json
from base64 import b64encode
from dataclasses import dataclass, field

from pydantic import SecretStr

from pec.domains import on_the_wire


@dataclass(frozen=True)
class Mailbox:
    """A mailbox at the API, and what opens it."""

    sender: str
    username: str
    password: SecretStr
    token: SecretStr


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a PEC. `content` is its bytes, not base64."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A PEC to send. Several recipients see each other."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()


def encode(outgoing: Outgoing, mailbox: Mailbox) -> bytes:
    """Return the body of POST /send, credentials included: never log or store it.

    One recipient goes as a string, several as an array. Attachments go as an array of bare base64, which is
    what works live; they skip `json.dumps`, which would copy 30 MB thrice to escape what needs no escaping.
    """
    recipients = tuple(map(on_the_wire, outgoing.recipients))
    envelope = _json(
        {
            "sender": on_the_wire(outgoing.sender),
            "recipient": recipients[0] if len(recipients) == 1 else list(recipients),
            "subject": outgoing.subject,
            "body": outgoing.body,
            "username": mailbox.username,
            "password": mailbox.password.get_secret_value(),
        }
    )
    return b"".join([envelope[:-1], *_attachments(outgoing.attachments), b"}"])


def _attachments(attachments: tuple[Attachment, ...]) -> list[bytes]:
    pieces: list[bytes] = []
    for attachment in attachments:
        start = b',{"name":' if pieces else b',"attachments":[{"name":'
        pieces += [start, _json(attachment.name), b',"file":"', b64encode(attachment.content), b'"}']
    return [*pieces, b"]"] if pieces else []


def _json(value: object) -> bytes:
    return json.dumps(value).encode("ascii")
