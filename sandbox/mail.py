"""A mail: what the API shows of it, and the bytes that IMAP hands out."""

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

from sandbox.clock import Instant

Kind = Literal["receipt", "envelope", "ordinary"]


class Original(Protocol):
    """The bytes of a mail, made when they are asked for: the same each time."""

    @property
    def size_bytes(self) -> int:
        """Return the length of `whole()`."""

    def head(self) -> bytes:
        """Return the header lines, up to and with the empty one."""

    def whole(self) -> bytes:
        """Return the mail, with CRLF."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A mail whose bytes are kept."""

    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def head(self) -> bytes:
        return head_of(self.content)

    def whole(self) -> bytes:
        return self.content


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the sandbox. It has an original if the sandbox has an IMAP door."""

    sender: str
    recipient: str
    at: Instant
    subject: str
    text: str
    size_bytes: int
    original: Original | None = None
    kind: Kind = "ordinary"

    def sha256(self) -> str:
        """Return that of the original; empty if there is none."""
        return hashlib.sha256(self.original.whole()).hexdigest() if self.original else ""


def head_of(mail: bytes) -> bytes:
    """Return the header lines of a mail with CRLF or LF, up to and with the empty one."""
    end = next((mail.find(gap) + len(gap) for gap in (b"\r\n\r\n", b"\n\n") if gap in mail), len(mail))
    return mail[:end]
