"""The sandbox's own endpoints under /_sandbox/: a ledger to read, mails and answers to plant, ways to write."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pec.api.vendor_words import EMAIL_NOT_FOUND
from pec.api.wire import Envelope, SentFile
from sandbox.answers import Refusal, refuse
from sandbox.clock import now
from sandbox.faults import Operation
from sandbox.ledger import PecSent, RequestSeen
from sandbox.ordinary_mail import Draft
from sandbox.state import Here
from sandbox.writing import Writing

router = APIRouter(prefix="/_sandbox", include_in_schema=False)


class PlantedMail(BaseModel):
    """Any mail, as from anyone: a PEC in its provider's envelope, or an ordinary mail without a signature.

    A `code` is appended to the subject. `in_reply_to` is the Message-ID that it quotes.
    """

    mailbox: str
    sender: str
    subject: str
    text: str
    code: str = ""
    kind: Literal["ordinary", "pec"] = "ordinary"
    in_reply_to: str = ""
    attachments: tuple[SentFile, ...] = ()


class RefusedMail(BaseModel):
    """A mail that was lost because its mailbox had no room. `at`: when it came, in seconds since 1970."""

    mailbox: str
    subject: str
    size_bytes: int
    at: float


class PlantedFault(BaseModel):
    """Text in `body` is served as HTML, all else as JSON."""

    operation: Operation
    status: int = Field(ge=200, le=599)
    body: Any = ""
    times: int = Field(1, ge=1)
    headers: dict[str, str] = {}


@router.get("/health")
def health() -> dict[str, bool]:
    return {"ok": True}


@router.get("/sent")
def sent(sandbox: Here) -> list[PecSent]:
    """Every PEC that really left, in order."""
    return sandbox.network.ledger.sent


@router.get("/requests")
def requests(sandbox: Here) -> list[RequestSeen]:
    """Every call of the API, in order of arrival."""
    return sandbox.network.ledger.requests


@router.get("/refused")
def refused(sandbox: Here) -> list[RefusedMail]:
    """Every mail that found its mailbox full."""
    return [
        RefusedMail(
            mailbox=address, subject=mail.subject, size_bytes=mail.size_bytes, at=mail.at.epoch_seconds
        )
        for address, mailbox in sandbox.network.mailboxes().items()
        for mail in mailbox.refused(now())
    ]


@router.post("/receipts", status_code=201)
def plant_mail(planted: PlantedMail, sandbox: Here) -> Envelope:
    subject = f"{planted.subject} {planted.code}".rstrip()
    writer = sandbox.network.writer
    draft = Draft(
        planted.sender,
        planted.mailbox,
        now(),
        subject,
        planted.text,
        planted.in_reply_to,
        [(one.name, one.file) for one in planted.attachments],
    )
    mail = writer.pec(draft) if planted.kind == "pec" else writer.ordinary(draft)
    sandbox.network.mailbox(planted.mailbox).expect(mail)
    return Envelope()


@router.post("/delivered/{code}")
def deliver_late(code: str, sandbox: Here) -> Envelope:
    """Let the CONSEGNA of a PEC to `silenzio@…` arrive now."""
    if not sandbox.network.deliver_late(code, now()):
        raise refuse(404, EMAIL_NOT_FOUND)
    return Envelope()


@router.post("/writing")
def write_so(writing: Writing, sandbox: Here) -> Envelope:
    sandbox.network.writing = writing
    return Envelope()


@router.post("/fault", status_code=201)
def plant_fault(planted: PlantedFault, sandbox: Here) -> Envelope:
    answer = Refusal(planted.status, planted.body, planted.headers)
    sandbox.faults.queue(planted.operation, answer, planted.times)
    return Envelope()
