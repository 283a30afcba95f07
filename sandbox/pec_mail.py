"""The PEC that was sent, as a mail: what CONSEGNA and the recipient's envelope hold as `postacert.eml`."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import encode_rfc2231, format_datetime

from pec.domains import on_the_wire

LINE_BYTES = 76  # of base64

_HTML = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"


class FileContent:
    """The bytes of an attachment, which all PECs with the same file share."""

    __slots__ = ("__weakref__", "content")

    def __init__(self, content: bytes) -> None:
        self.content = content


@dataclass(frozen=True, slots=True)
class PecFile:
    """An attachment. Without an IMAP door only its size is known."""

    name: str
    size_bytes: int
    content: FileContent | None


@dataclass(frozen=True, slots=True)
class PecMail:
    """The PEC as its provider passes it on, under its own id."""

    sender: str
    recipients: Sequence[str]
    subject: str
    at: datetime
    identificativo: str
    message_id: str  # with its angle brackets
    body: str = field(repr=False)
    files: Sequence[PecFile] = ()
    in_reply_to: str = ""

    @property
    def size_bytes(self) -> int:
        """Return the length of `whole()`, for which no file is encoded."""
        parts = [len(self.body.encode()), *(one.size_bytes for one in self.files)]
        return len(self._written(b"", [b"" for _ in self.files])) + sum(map(encoded_bytes, parts))

    def whole(self) -> bytes:
        """Return the mail, with CRLF."""
        files = [one.content.content if one.content else b"" for one in self.files]
        return self._written(base64_lines(self.body.encode()), map(base64_lines, files))

    def _written(self, body: bytes, files: Iterable[bytes]) -> bytes:
        boundary = f"----=_Part_{hashlib.sha256(self.message_id.encode()).hexdigest()[:24]}"
        named = (file_head(one.name) + content for one, content in zip(self.files, files, strict=True))
        return b"".join(
            [
                self._headers(),
                f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode(),
                *(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in (_HTML + body, *named)),
                f"--{boundary}--\r\n".encode(),
            ]
        )

    def _headers(self) -> bytes:
        fields = {
            "Date": format_datetime(self.at),
            "From": on_the_wire(self.sender),
            "To": ", ".join(map(on_the_wire, self.recipients)),
            "Subject": encoded_header(self.subject),
            "Message-ID": f"<{self.identificativo}>",
            "X-Riferimento-Message-ID": self.message_id,
            "MIME-Version": "1.0",
        }
        if self.in_reply_to:
            fields |= {"In-Reply-To": self.in_reply_to, "References": self.in_reply_to}
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def encoded_header(text: str) -> str:
    """Return the text as a header line holds it, folded where it is long."""
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def encoded_bytes(size_bytes: int) -> int:
    """Return how many bytes so many are in lines of base64, each of which ends with CRLF."""
    lines = -(-size_bytes // (LINE_BYTES // 4 * 3))
    return -(-size_bytes // 3) * 4 + lines * 2


def base64_lines(content: bytes) -> bytes:
    """Return the content in base64, in lines that end with CRLF."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def file_head(name: str) -> bytes:
    """Return the header lines of an attachment, whose content follows in base64."""
    named = f'filename="{name}"' if _is_plain(name) else f"filename*={encode_rfc2231(name, 'utf-8')}"
    head = (
        f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; {named}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode()


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable() and not set('"\\') & set(name)
