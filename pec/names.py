"""Every name that goes over a wire or into Redis: states, events, queues. Imports nothing."""

from enum import StrEnum


class State(StrEnum):
    """The state of a message. Each comment says what moves a message in, and what moves it on."""

    QUEUED = "queued"  # taken by the intake, or given back; a worker claims it
    SENDING = "sending"  # claimed, on disk, the bytes may be leaving; the answer or a lookup ends it
    UNCERTAIN = "uncertain"  # the answer was lost; the mailbox is searched, it is never sent again blindly
    HELD = "held"  # every lookup found nothing; an operator says resend or discard
    SENT = "sent"  # the API gave a code; ACCETTAZIONE is awaited
    ACCEPTED = "accepted"  # ACCETTAZIONE; CONSEGNA is awaited
    DELAYED = "delayed"  # the 12 h notice; CONSEGNA or the 24 h notice is awaited
    DELIVERED = "delivered"  # CONSEGNA. End
    UNDELIVERED = "undelivered"  # MANCATA CONSEGNA or the 24 h notice. End, unless CONSEGNA comes late
    REFUSED = "refused"  # NON ACCETTAZIONE. End
    UNCERTIFIED = "uncertified"  # accepted, but the recipient is ordinary mail: no CONSEGNA will come. End
    EXPIRED = (
        "expired"  # nothing final in time, or not sent before not_after. End, unless a receipt comes late
    )
    FAILED = "failed"  # the API refused the request, or an operator discarded it. End
    CANCELLED = "cancelled"  # a cancel job came before it was sent. End


ENDS = frozenset(
    {
        State.DELIVERED,
        State.UNDELIVERED,
        State.REFUSED,
        State.UNCERTIFIED,
        State.EXPIRED,
        State.FAILED,
        State.CANCELLED,
    }
)


class Proof(StrEnum):
    """The parts of the complete proof of a message."""

    TEXTS = "texts"  # every receipt that belongs to it, each with its text
    ORIGINALS = "originals"  # every receipt that belongs to it, each as its provider signed it


class EventType(StrEnum):
    """Events that are not `message.<state>`."""

    BATCH_COMPLETED = "batch.completed"  # every message of a batch has ended; again if it has grown since
    ACCOUNT_PAUSED = "account.paused"  # its messages wait: credentials, wallet, scope, quota or an operator
    ACCOUNT_RESUMED = "account.resumed"
    MAILBOX_FILLING = "mailbox.filling"  # receipts will be lost when it is full
    RECEIPT_UNRECOGNISED = "receipt.unrecognised"  # on one of our codes, but unknown or with another subject
    MESSAGE_DUPLICATED = "message.duplicated"  # a receipt shows that an earlier attempt was sent too
    JOB_REJECTED = "job.rejected"  # a job could not be taken: it made no message
    PROOF_COMPLETE = "proof.complete"  # each receipt of an ended message has its text; published once
    MAIL_RECEIVED = "mail.received"  # a mail came in that is no receipt of ours; published once
    ACCEPTANCE_LATE = "acceptance.late"  # no ACCETTAZIONE in 30 minutes


class Queue(StrEnum):
    """Dramatiq's queues, one a kind of work, so that operators can scale them apart (`--queues`)."""

    SEND = "send"  # POST /send at the token's pace
    RELEASE = "release"  # queued messages whose time has come: into the lane, or expired
    CHECK = "check"  # receipts of sent messages
    INBOX_SCAN = "inbox_scan"  # receipts of mailboxes that await many, by their pages
    ARCHIVE = "archive"  # signed receipts of mailboxes that are read by IMAP
    LOOKUP = "lookup"  # uncertain sends, sought in the mailbox
    WEBHOOK = "webhook"  # events on their way to an endpoint
    PURGE = "purge"  # receipts in mailboxes, once they are kept elsewhere
    QUOTA = "quota"  # how full each mailbox is
    SWEEP = "sweep"  # records, content and streams past their retention
