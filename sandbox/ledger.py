"""The ledger, for tests to read: every PEC that was sent, and every request that came."""

import hashlib
from dataclasses import dataclass, field
from threading import Lock

from pec.api.wire import SendRequest, SentFile
from sandbox.clock import Instant


@dataclass(frozen=True)
class AttachmentSent:
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class PecSent:
    """`subject` is the caller's, without the code; `received_at` the first byte's, in seconds since 1970."""

    code: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    body_sha256: str
    attachments: tuple[AttachmentSent, ...]
    received_at: float
    token_digest: str


@dataclass
class RequestSeen:
    """`at` is the first byte's, in seconds since 1970; `status` is None as long as there is no answer."""

    at: float
    method: str
    path: str
    status: int | None = None


@dataclass
class Ledger:
    sent: list[PecSent] = field(default_factory=list)
    requests: list[RequestSeen] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def record_sent(self, code: str, outgoing: SendRequest, token_digest: str, at: Instant) -> PecSent:
        pec = PecSent(
            code=code,
            sender=outgoing.sender,
            recipients=outgoing.recipient,
            subject=outgoing.subject,
            body_sha256=digest(outgoing.body.encode()),
            attachments=tuple(map(_without_content, outgoing.attachments)),
            received_at=at.epoch_seconds,
            token_digest=token_digest,
        )
        with self._lock:
            self.sent.append(pec)
        return pec

    def record_request(self, method: str, path: str, at: Instant) -> RequestSeen:
        """Record a request and return it. The caller sets its `status` when it is known."""
        seen = RequestSeen(at.epoch_seconds, method, path)
        with self._lock:
            self.requests.append(seen)
        return seen


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _without_content(attachment: SentFile) -> AttachmentSent:
    return AttachmentSent(attachment.name, digest(attachment.file), len(attachment.file))
