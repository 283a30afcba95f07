"""Mails that are no PEC: what anyone can write to a mailbox."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from sandbox.clock import Instant
from sandbox.pec_mail import base64_lines, encoded_header, file_head


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as a person writes it. `in_reply_to`: the Message-ID that it quotes."""

    sender: str
    recipient: str
    at: Instant
    subject: str
    text: str
    in_reply_to: str = ""
    files: Sequence[tuple[str, bytes]] = ()


def ordinary_mail(draft: Draft) -> bytes:
    """Return the mail, with CRLF."""
    sender, subject = draft.sender, draft.subject
    named = f"{sender}{draft.recipient}{draft.at.monotonic_seconds}{subject}"
    number = hashlib.sha256(named.encode()).hexdigest()[:24]
    fields = {
        "Date": format_datetime(draft.at.in_rome()),
        "From": sender,
        "To": draft.recipient,
        "Subject": encoded_header(subject),
        "Message-ID": f"<{number}@{sender.rpartition('@')[2].strip('<>') or 'mail.example'}>",
    }
    if draft.in_reply_to:
        fields |= {"In-Reply-To": draft.in_reply_to, "References": draft.in_reply_to}
    headers = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields.items()).encode()
    boundary = f"----=_Mail_{number}"
    parts = [_text(draft.text), *(file_head(name) + base64_lines(content) for name, content in draft.files)]
    return b"".join(
        [
            headers,
            b"MIME-Version: 1.0\r\n",
            f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode(),
            *(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts),
            f"--{boundary}--\r\n".encode(),
        ]
    )


def _text(text: str) -> bytes:
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + base64_lines(text.encode())


def _one_line(value: str) -> str:
    """Return a header's value without a line end that would begin another; folded lines stay."""
    return "\r\n ".join(line.strip() for line in value.splitlines())
