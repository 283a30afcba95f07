"""Mail that IMAP shows and that is no receipt of ours: archived, and published once. Nothing is flagged."""

from email.parser import BytesHeaderParser

import structlog

from archive import incoming as reading
from archive import mime
from archive.vault import EML, VaultAway
from pec.incoming import code_at_end, digest, replying, traits_of
from pec.store import inbox
from workers.context import WorkerContext
from workers.mailbox.imap_folder import FoundMail

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


def _archived(ctx: WorkerContext, raw: bytes) -> str | None:
    """Return the mail's name in the archive, or None if the archive is away: the mail stays in the mailbox."""
    if ctx.vault is None:
        return None
    try:
        return ctx.vault.put(raw, EML)
    except VaultAway as away:
        log.warning("archive_away", why=str(away))
        return None
