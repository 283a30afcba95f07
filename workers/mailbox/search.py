"""Searching a mailbox for a send without a code: by reference, or by subject, recipient and time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from pec.api.client import InboxPage, Mailbox
from pec.api.errors import NotFound
from pec.domains import compared
from pec.inbox import PAGE_SIZE
from pec.messages import Message
from pec.provider_text import among, is_mangled
from pec.receipts import Kind, Mail, Receipt, find
from pec.store import records
from workers.context import WorkerContext
from workers.mailbox.calls import MailboxUnavailable, call_optional

MAX_PAGES = 200
TOO_MANY_MAILS = "too_many_mails"
UNREADABLE_MAILS = "unreadable_mails"
CLOCK_TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Found:
    """The receipts of one attempt, and how many mails the search showed."""

    receipts: list[Receipt]
    mails: int


def search(ctx: WorkerContext, message: Message, reference: str | None) -> Found:
    """Look for one attempt: no receipt proves that it was not sent. Raise NotServed and MailboxUnavailable."""
    attempt = replace(message, reference=reference)
    mails = list(dict.fromkeys(mails_with(ctx, message.account, reference or query_of(message.subject))))
    found = (find(mail, attempt.sent_subject, reference) for mail in mails)
    receipts = [receipt for receipt in found if receipt]
    return Found(receipts if reference else _of_the_only_code(ctx, message, receipts), len(mails))


def mails_with(ctx: WorkerContext, account: str, query: str) -> Iterator[Mail]:
    """Yield all mails that a search shows. Pages may be numbered from 0 or 1: both are read, so some come twice.

    Raise NotServed and MailboxUnavailable. Too many mails to read them all are unavailable, and so are mails in a shape
    that nothing can be read of: a part proves nothing.
    """
    first = page_of(ctx, account, query, None)
    yield from _readable(first)
    if len(first.mails) < PAGE_SIZE if first.total is None else first.total <= len(first.mails):
        return
    pages = -(-(first.total or 0) // PAGE_SIZE) + 1
    if first.total is None or pages > MAX_PAGES:
        raise MailboxUnavailable(TOO_MANY_MAILS)
    for number in range(pages):
        yield from _readable(page_of(ctx, account, query, number))


def _readable(page: InboxPage) -> list[Mail]:
    if page.unreadable:
        raise MailboxUnavailable(UNREADABLE_MAILS)
    return [mail for _, mail in page.mails]


def page_of(ctx: WorkerContext, account: str, query: str | None, number: int | None) -> InboxPage:
    """Return a page of /inbox: an empty one if the API does not know the number.

    Raise NotServed and MailboxUnavailable.
    """

    def ask(mailbox: Mailbox) -> InboxPage:
        try:
            return ctx.client.inbox(mailbox, query, number)
        except NotFound:
            return InboxPage((), number, None, None)

    return call_optional(ctx, account, ask)


def query_of(subject: str) -> str:
    """Return the longest part of a subject that can't be mangled, straightened, escaped or stripped."""
    untagged = re.sub(r"<[^>]*>", "<", subject)
    return max((part.strip() for part in re.split(r"[^ -~]|[\"'`<>&?_=\\]", untagged)), key=len)


def _of_the_only_code(ctx: WorkerContext, message: Message, receipts: list[Receipt]) -> list[Receipt]:
    """Return the recent receipts of the only code that no message owns and whose text names our recipients.

    Several such codes prove nothing: then none are returned.
    """
    since = (message.claimed_at or message.created_at) - CLOCK_TOLERANCE
    recent = [receipt for receipt in receipts if receipt.date and receipt.date >= since]
    codes = {
        receipt.code for receipt in recent if not records.owner_of(ctx.store, message.account, receipt.code)
    }
    ours = [code for code in sorted(codes) if _names_recipients(ctx, message, code)]
    return [receipt for receipt in recent if receipt.code == ours[0]] if len(ours) == 1 else []


def _names_recipients(ctx: WorkerContext, message: Message, code: str) -> bool:
    mails = call_optional(ctx, message.account, lambda mailbox: ctx.client.receipts(mailbox, code))
    found = (find(mail, message.subject, None) for mail in mails)
    return accepted_for(message, [receipt for receipt in found if receipt and receipt.code == code])


def names_others(ctx: WorkerContext, message: Message, code: str) -> bool:
    """Return whether the texts of a code's receipts name recipients, and none of ours.

    False is no proof: there may be no text, or accents of a recipient were lost on the way.
    """
    wanted = set(map(compared, message.recipients))
    mails = call_optional(ctx, message.account, lambda mailbox: ctx.client.receipts(mailbox, code))
    found = (find(mail, message.subject, None) for mail in mails)
    named = [one for receipt in found if receipt and receipt.code == code for one in receipt.named]
    if any(map(is_mangled, named)) and any("xn--" in one for one in wanted):
        return False
    return bool(named) and wanted.isdisjoint(among(wanted, one) for one in named)


def accepted_for(message: Message, receipts: Iterable[Receipt]) -> bool:
    """Return whether an ACCETTAZIONE, or a refusal, names exactly the message's recipients."""
    wanted = set(map(compared, message.recipients))
    return any(
        wanted == {among(wanted, named) for named in receipt.named}
        for receipt in receipts
        if receipt.kind in (Kind.ACCETTAZIONE, Kind.NON_ACCETTAZIONE)
    )
