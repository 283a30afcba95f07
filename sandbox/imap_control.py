"""Endpoints that make IMAP go wrong: a door that refuses, mails that a rule moves, numbers that change."""

from fastapi import APIRouter
from pydantic import BaseModel

from pec.api.wire import Envelope
from sandbox.clock import now
from sandbox.folders import INBOX
from sandbox.imap_faults import ImapBehaviour
from sandbox.mail import Kind
from sandbox.mailbox import Rule
from sandbox.state import Here

router = APIRouter(prefix="/_sandbox/imap", include_in_schema=False)


class FolderOf(BaseModel):
    """A folder of a mailbox."""

    mailbox: str
    folder: str = INBOX


class FilingRule(BaseModel):
    """Mails whose subject holds `subject` go to `folder`: those that are there, and those that come."""

    mailbox: str
    subject: str
    folder: str


class Matching(BaseModel):
    """The mails of a mailbox whose subject holds `subject`."""

    mailbox: str
    subject: str


class StoredMail(BaseModel):
    """A mail that is in a mailbox. `sha256` is that of its original, if it was asked for and there is an IMAP door."""

    mailbox: str
    folder: str
    uid: int
    kind: Kind
    sender: str
    subject: str
    flags: list[str]
    sha256: str


class DeletedMail(BaseModel):
    """A mail that the API or IMAP deleted. `at`: when, in seconds since 1970."""

    mailbox: str
    kind: Kind
    subject: str
    sha256: str
    at: float


class Count(BaseModel):
    """How many mails it concerned."""

    count: int


@router.get("")
def met(sandbox: Here) -> dict[str, int]:
    """How often clients met each fault."""
    return dict(sandbox.imap_faults.met)


@router.post("")
def behave(behaviour: ImapBehaviour, sandbox: Here) -> Envelope:
    sandbox.imap_faults.behave(behaviour)
    return Envelope()


@router.get("/mails")
def mails(sandbox: Here, digests: bool = False) -> list[StoredMail]:
    """Every mail of every mailbox. Each receipt is signed for its digest: a millisecond or more."""
    return [
        StoredMail(
            mailbox=address,
            folder=entry.folder,
            uid=entry.uid,
            kind=entry.mail.kind,
            sender=entry.mail.sender,
            subject=entry.mail.subject,
            flags=sorted(flag.decode() for flag in entry.flags),
            sha256=entry.mail.sha256() if digests else "",
        )
        for address, mailbox in sandbox.network.mailboxes().items()
        for entry in mailbox.entries(now())
    ]


@router.get("/deleted")
def deleted(sandbox: Here) -> list[DeletedMail]:
    return [
        DeletedMail(
            mailbox=address, kind=one.kind, subject=one.subject, sha256=one.sha256, at=one.at.epoch_seconds
        )
        for address, mailbox in sandbox.network.mailboxes().items()
        for one in mailbox.deleted()
    ]


@router.post("/hang-up")
def hang_up(sandbox: Here) -> Envelope:
    sandbox.imap_faults.hang_up()
    return Envelope()


@router.post("/uid-validity")
def renumber(place: FolderOf, sandbox: Here) -> Envelope:
    """Number a folder's mails anew. Its server was restarted, so connections are gone."""
    sandbox.network.mailbox(place.mailbox).renumber(place.folder, now())
    sandbox.imap_faults.hang_up()
    return Envelope()


@router.post("/rule")
def file(rule: FilingRule, sandbox: Here) -> Count:
    mailbox = sandbox.network.mailbox(rule.mailbox)
    return Count(count=mailbox.file(Rule(rule.subject, rule.folder), now()))


@router.post("/double")
def double(mails: Matching, sandbox: Here) -> Count:
    return Count(count=sandbox.network.mailbox(mails.mailbox).double(mails.subject, now()))
