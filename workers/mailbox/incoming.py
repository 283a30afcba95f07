"""Mail that comes in and is no receipt of ours: archived if IMAP shows it, and published once. Nothing is flagged."""

from collections.abc import Sequence
from datetime import timedelta
from email.parser import BytesHeaderParser

import structlog

from archive import incoming as reading
from archive import mime
from archive.vault import EML, VaultAway
from pec.incoming import code_at_end, digest, from_page, replying, traits_of
from pec.receipts import Mail
from pec.store import inbox
from workers.context import WorkerContext
from workers.mailbox.imap_folder import FoundMail

MAX_AGE = timedelta(days=7)  # of a mail on a page: older ones stand there for ever
_HEADERS = BytesHeaderParser()
log = structlog.get_logger()


def incoming(ctx: WorkerContext, account: str, mail: FoundMail) -> None:
    """Take a mail that IMAP found and that is no receipt. Called once or more often for each, in order."""
    headers = _HEADERS.parsebytes(mail.summary.headers)
    own = digest(str(headers.get("Message-ID") or mail.summary.headers))
    if inbox.is_known(ctx.store, account, own):
        return
    raw = mail.read()
    if raw is None:
        return
    found = reading.read(account, raw, ctx.profiles)
    owners = inbox.quoted_messages(ctx.store, account, found.quoted)
    if not any(owners) and (code := code_at_end(found.mail.subject)):
        owners = inbox.messages_of_codes(ctx.store, account, [code])
    subject = mime.decoded(headers.get("Subject"))
    traits = traits_of(mime.decoded(headers.get("From")), subject, mime.date_of(headers))
    known = replying(found.mail, owners)
    if inbox.receive(ctx.store, known.archived_as(_archived(ctx, raw)), ctx.now(), traits, own):
        log.info("mail_received", kind=str(known.kind), in_reply_to=known.in_reply_to)


def incoming_on_page(ctx: WorkerContext, account: str, mails: Sequence[Mail]) -> None:
    """Take the mails of a page of the API that are no receipts. A reply is known by the code that ends its subject."""
    now = ctx.now()
    found = {
        traits_of(mail.sender, mail.subject, mail.date): known
        for mail in mails
        if (known := from_page(account, mail)) and (mail.date is None or mail.date >= now - MAX_AGE)
    }
    for traits in inbox.unknown_on_page(ctx.store, account, list(found)):
        known = found[traits]
        code = code_at_end(known.subject)
        reply = replying(known, inbox.messages_of_codes(ctx.store, account, [code] if code else []))
        if inbox.receive(ctx.store, reply, now, traits):
            log.info("mail_received", account=account, kind=str(known.kind), in_reply_to=reply.in_reply_to)


def _archived(ctx: WorkerContext, raw: bytes) -> str | None:
    """Return the mail's name in the archive, or None if the archive is away: the mail stays in the mailbox."""
    if ctx.vault is None:
        return None
    try:
        return ctx.vault.put(raw, EML)
    except VaultAway as away:
        log.warning("archive_away", why=str(away))
        return None
