"""Deleting a message's receipts by the API, which deletes all that a code finds: a reply that quotes it goes too."""

import structlog

from archive.vault import EML
from pec.api.client import Mailbox
from pec.api.errors import NotFound
from pec.instants import to_text
from pec.messages import Message
from pec.receipt_merge import merge
from pec.receipts import Mail, Receipt, read
from pec.store import audit, purging
from pec.store.audit import Act
from pec.store.records import StoredReceipts
from workers.context import WorkerContext
from workers.mailbox.calls import call_optional, mails_of

log = structlog.get_logger()


def purge_by_code(ctx: WorkerContext, message: Message, stored: StoredReceipts) -> int:
    """Delete what the API finds under the code, if that is nothing but receipts that are kept. Return how many.

    Raise NotServed, MailboxUnavailable, TooFewReplicas and VaultAway.
    """
    code = message.code or ""
    mails = mails_of(ctx, message.account, code)
    if not mails:
        return 0
    if not all(_is_kept(mail, message, stored) for mail in mails):
        log.info("purge_refused", message=message.id, why="other mails are found under its code")
        return 0
    if not _gives_texts(ctx, stored):
        log.error("purge_refused", message=message.id, why="the archive lost originals of its receipts")
        return 0
    details = {"account": message.account, "code": code, "mails": len(mails)}
    subject = f"message:{message.id}"
    audit.note_first(ctx.store, to_text(ctx.now()), Act("worker", "purge", subject, details))
    try:
        call_optional(ctx, message.account, lambda mailbox: _delete(ctx, mailbox, code))
    except Exception as error:
        failed = {**details, "why": str(error)}
        audit.note(ctx.store, to_text(ctx.now()), Act("worker", "purge_failed", subject, failed))
        raise
    purging.count(ctx.store, message.account, len(mails), 0)
    return len(mails)


def _delete(ctx: WorkerContext, mailbox: Mailbox, code: str) -> None:
    try:
        ctx.client.delete_receipts(mailbox, code)
    except NotFound:
        return


def _gives_texts(ctx: WorkerContext, stored: StoredReceipts) -> bool:
    """Return whether the archive still holds each original whose text is kept nowhere else."""
    wanted = [one.original for one in stored.receipts.values() if one.original and not one.text]
    return all(ctx.vault is not None and ctx.vault.contains(one.sha256, EML) for one in wanted)


def _is_kept(mail: Mail, message: Message, stored: StoredReceipts) -> bool:
    """Return whether the mail is a receipt of the message, and one that is kept with all that it says."""
    found = read(mail, message.code or "", message.sent_subject or None)
    known = merge(stored.receipts.values(), ())
    return isinstance(found, Receipt) and merge(known, [found]) == known
