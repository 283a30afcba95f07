"""Turn a job into messages, the bytes they need, and the digest that makes its id an idempotency key.

Pure functions; reading the stream and storing the result is `pec.store.job_stream`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pec.changes import Change, created
from pec.content import decode_file, encoded_size, sha256
from pec.jobs import ContentRef, JobRejected, PollJob, SendJob
from pec.messages import Attachment, Message, evolve
from pec.names import Queue, State
from pec.problems import problem
from pec.reasons import reason_by_code
from pec.room import room_of
from pec.transitions import placement

SHEET_ROW = "row"  # in the metadata of an imported job: the columns of its line


@dataclass(frozen=True, slots=True)
class Contents:
    """A send job's bytes by SHA-256: those it carried, and the hashes of those it only names (and where)."""

    body: str
    attachments: tuple[Attachment, ...]
    carried: Mapping[str, bytes]
    named: Mapping[str, str]  # hash → the job's field that names it


def contents_of(job: SendJob) -> Contents:
    """Decode and hash the contents that the job carries."""
    carried: dict[str, bytes] = {}
    named: dict[str, str] = {}
    if isinstance(job.body, ContentRef):
        body = job.body.sha256
        named[body] = "body.sha256"
    else:
        body = _carry(job.body.encode("utf-8", "surrogatepass"), carried)
    attachments = []
    for position, attached in enumerate(job.attachments):
        if attached.sha256 is not None:
            named.setdefault(attached.sha256, f"attachments.{position}.sha256")
            attachments.append(Attachment(attached.name, attached.sha256))
        else:
            attachments.append(Attachment(attached.name, _carry(decode_file(attached.file or ""), carried)))
    named = {digest: field for digest, field in named.items() if digest not in carried}
    return Contents(body, tuple(attachments), carried, named)


def _carry(content: bytes, carried: dict[str, bytes]) -> str:
    digest = sha256(content)
    carried[digest] = content
    return digest


def check_size(job: SendJob, contents: Contents, sizes: Mapping[str, int], max_bytes: int) -> None:
    """Raise JobRejected if the encoded size times the recipients of one PEC is too large."""
    encoded = encoded_size(
        sizes[contents.body], [sizes[attached.sha256] for attached in contents.attachments]
    )
    recipients = len(job.recipients) if job.together else 1
    if encoded * recipients > max_bytes:
        figures = {"megabytes": f"{encoded / 1e6:.1f}", "max_megabytes": f"{max_bytes / 1e6:.0f}"}
        field = "attachments" if job.attachments else "body"
        if recipients > 1:
            raise JobRejected([problem(field, "message_too_big_together", recipients=recipients, **figures)])
        raise JobRejected([problem(field, "message_too_big", **figures)])


def digest_of(job: SendJob | PollJob, contents: Contents | None = None) -> str:
    """Return a digest that is equal for the same job: its bytes carried or named, in any sheet row and any trace."""
    stated = job.model_dump(mode="json", exclude={"v", "body", "attachments", "traceparent"})
    if isinstance(stated.get("metadata", {}).get(SHEET_ROW), dict):
        del stated["metadata"][SHEET_ROW]
    if contents:
        stated["body"] = contents.body
        stated["attachments"] = [[attached.name, attached.sha256] for attached in contents.attachments]
    canonical = json.dumps(stated, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def messages_of(
    job: SendJob, contents: Contents, sizes: Mapping[str, int], order: int, now: datetime, referenced: bool
) -> list[Message]:
    """Return a message for each recipient (`id#1`, `id#2`, …), or one for all if the job says `together`."""
    recipients = job.recipients
    groups = [recipients] if job.together else [(address,) for address in recipients]
    shared = Message(
        id=job.id,
        account=job.account,
        recipients=(),
        subject=job.subject,
        state=State.QUEUED,
        created_at=now,
        updated_at=now,
        body=contents.body,
        attachments=contents.attachments,
        room=room_of(sizes[contents.body], [sizes[attached.sha256] for attached in contents.attachments]),
        priority=job.priority,
        batch=job.batch,
        webhook=job.webhook,
        metadata=job.metadata,
        traceparent=job.traceparent,
        not_before=job.not_before,
        not_after=job.not_after,
        has_reference=job.reference if job.reference is not None else referenced,
    )
    if isinstance(job.recipient, str) or job.together:
        return [evolve(shared, {"recipients": groups[0], "order": order})]
    return [
        evolve(shared, {"id": f"{job.id}#{number}", "recipients": group, "order": order + number - 1})
        for number, group in enumerate(groups, 1)
    ]


def count_of(job: SendJob) -> int:
    """Return how many messages with numbered ids the job makes; 0 if the message has the job's own id."""
    return 0 if isinstance(job.recipient, str) or job.together else len(job.recipient)


def enqueued(message: Message, now: datetime) -> Change:
    """Return the change that creates a message, in its lane or waiting for its time."""
    due, lane = placement(message, now)
    return created(message, due=due, lane=lane)


def arrived_cancelled(message: Message) -> Change:
    """Return the change that creates a message whose cancel came before it."""
    ended = replace(
        message, state=State.CANCELLED, ended_at=message.created_at, reason=reason_by_code("cancelled")
    )
    return created(ended)


def followed(job: PollJob, order: int, now: datetime) -> Change:
    """Return the change that creates a PEC that was sent elsewhere: its receipts are looked for from now on."""
    message = Message(
        id=job.id,
        account=job.account,
        recipients=(job.recipient,) if job.recipient else (),
        subject=job.subject or "",
        state=State.SENT,
        created_at=now,
        updated_at=now,
        sent_at=now,
        order=order,
        has_reference=False,
        code=job.code,
        traceparent=job.traceparent,
    )
    return created(message, due={Queue.CHECK: now})
