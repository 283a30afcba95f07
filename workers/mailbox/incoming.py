"""Mail that a page of the API shows and that is no receipt of ours: published once."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from pec.incoming import code_at_end, from_page, replying, traits_of
from pec.receipts import Mail
from pec.store import inbox
from workers.context import WorkerContext

MAX_AGE = timedelta(days=7)  # of a mail on a page: older ones stand there for ever
log = structlog.get_logger()


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
