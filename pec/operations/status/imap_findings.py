"""Mailboxes that IMAP does not read as it should, in the same words for status, doctor and health. Pure."""

from collections.abc import Iterator
from datetime import datetime

from config.texts import _, ngettext
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.overview import Lane
from pec.operations.status.progress import clock

MANY_UNPROVEN = 2  # one can be a forgery; several have a cause


def imap_findings(lane: Lane, now: datetime) -> Iterator[Finding]:
    """Yield what an operator should know of the readings of one mailbox."""
    imap, account = lane.imap, lane.account
    reason = imap.refused or imap.error
    if imap.refused:
        what = _("account {account}: the IMAP server refuses the login ({why}), and it is not tried again")
        remedy = _(
            "correct PEC_ACCOUNTS__{name}__IMAP__PASSWORD and restart the workers, or `pec resume {account}`"
        )
        yield Finding(
            Mark.WARN,
            what.format(account=account, why=imap.refused.description),
            remedy.format(name=account.upper(), account=account),
        )
    elif imap.silent_since:
        what = _(
            "account {account}: not read by IMAP since {time} in Rome ({why}): the API is asked for receipts"
        )
        since = imap.read_at or imap.began_at or imap.silent_since
        yield Finding(
            Mark.WARN,
            what.format(account=account, time=clock(since, now), why=reason.description if reason else "?"),
            _("see `pec doctor`"),
        )
    if imap.unproven >= MANY_UNPROVEN:
        what = ngettext(
            "account {account}: {count} receipt proves nothing, because it was altered or bears no signature",
            "account {account}: {count} receipts prove nothing, because they were altered or bear no signature",
            imap.unproven,
        )
        remedy = _("look for a filter that rewrites mails, and check one with `pec verify FILE`")
        yield Finding(Mark.WARN, what.format(account=account, count=imap.unproven), remedy)
