"""The operations on a mailbox itself, /inbox and /quota: passed through to the vendor's API.

No mail is deleted by its id. Ids are positions that shift, so a receipt could go that is kept nowhere yet. A mail that
a client deletes is put away instead: it stays in the mailbox, and that client sees it no more.
"""

from email.utils import format_datetime
from typing import Annotated
from urllib.parse import quote_plus

from fastapi import APIRouter, Depends, Path
from pydantic import WithJsonSchema

from pec.api import vendor_words, wire
from pec.api.client import InboxPage
from pec.instants import ROME
from pec.receipts import Mail
from pec.store import put_away
from pec.store.store import wall_clock
from producers.gateway.auth import Caller, caller_with
from producers.gateway.context import Gateway, Here
from producers.gateway.problems import Problem
from producers.gateway.vendor.credentials import Credentials, InHeaders
from producers.gateway.vendor.refusals import refusals
from producers.gateway.vendor.upstream import Upstream

router = APIRouter(tags=["Inbox"])
MAX_PAGES = 10  # that are read for one answer, if every mail of a page was put away
OptionalPage = Annotated[int | None, WithJsonSchema({"type": "integer"})]
_NO_NUMBER = (400, vendor_words.POST_INVALID)
_ID = {"path.id": "$response.body#/data/0/id"}
_LINKS = {
    "mail": {"operationId": "getMail", "parameters": _ID},
    "away": {"operationId": "putMailAway", "parameters": _ID},
}
Reader = Annotated[Caller, Depends(caller_with("GET:inbox"))]


@router.get(
    "/inbox",
    operation_id="listInbox",
    summary="A page of the mailbox",
    responses={**refusals(_NO_NUMBER), 200: {"links": _LINKS}},
)
async def inbox(
    caller: Reader, credentials: InHeaders, gateway: Here, q: str = "", page: OptionalPage = None
) -> wire.InboxPage:
    """Return the mails of a page that were not put away, or those of the next page that has one."""
    return await gateway.threads.upstream.run(_inbox, gateway, caller, credentials, q, page)


def _inbox(
    gateway: Gateway, caller: Caller, credentials: Credentials, q: str, page: int | None
) -> wire.InboxPage:
    upstream = Upstream.opened_by(gateway, caller, credentials)
    for _ in range(MAX_PAGES):
        found = _page(upstream, q, page)
        shown = _shown(upstream, found)
        if shown or not found.mails or found.page is None:
            break
        page = found.page + 1
    return wire.InboxPage(
        data=shown, page=found.page or 0, total=found.total or 0, n_of_pages=found.pages or 0
    )


@router.get(
    "/inbox/{id}",
    operation_id="getMail",
    summary="One mail",
    responses=refusals(_NO_NUMBER, (404, vendor_words.MESSAGE_NOT_FOUND)),
)
async def message(
    id: int,  # noqa: A002 - the vendor's name
    caller: Reader,
    credentials: InHeaders,
    gateway: Here,
) -> wire.InboxMessage:
    """Return one mail, with its body in x-www-form-urlencoded."""
    return await gateway.threads.upstream.run(_message, gateway, caller, credentials, id)


def _message(gateway: Gateway, caller: Caller, credentials: Credentials, number: int) -> wire.InboxMessage:
    mail = _mail(Upstream.opened_by(gateway, caller, credentials), number)
    single = wire.InboxSingle(
        sender=mail.sender,
        recipient=mail.recipient,
        date=_date(mail),
        object=mail.subject,
        body=quote_plus(mail.text or ""),
    )
    return wire.InboxMessage(data=single)


@router.delete(
    "/inbox/{id}", operation_id="putMailAway", summary="Put a mail away", responses=refusals(_NO_NUMBER)
)
async def delete_message(
    id: int,  # noqa: A002 - the vendor's name
    caller: Annotated[Caller, Depends(caller_with("DELETE:inbox"))],
    credentials: InHeaders,
    gateway: Here,
) -> wire.Envelope:
    """Show the mail no more. The vendor documents no answer for a mail that is missing: it counts as deleted."""
    return await gateway.threads.upstream.run(_delete, gateway, caller, credentials, id)


def _delete(gateway: Gateway, caller: Caller, credentials: Credentials, number: int) -> wire.Envelope:
    upstream = Upstream.opened_by(gateway, caller, credentials)
    try:
        put_away.add(gateway.store, upstream.account, _mail(upstream, number), wall_clock())
    except Problem as missing:
        if missing.status != 404:
            raise
    return wire.Envelope(message=vendor_words.MESSAGE_DELETED)


@router.get(
    "/quota/{mailbox}",
    operation_id="getQuota",
    summary="How full the mailbox is",
    responses=refusals((400, vendor_words.MAILBOX_UNAVAILABLE)),
)
async def quota(
    mailbox: Annotated[str, Path(openapi_examples={"inbox": {"value": "inbox"}})],
    caller: Annotated[Caller, Depends(caller_with("GET:quota"))],
    credentials: InHeaders,
    gateway: Here,
) -> wire.Quota:
    return await gateway.threads.upstream.run(_quota, gateway, caller, credentials, mailbox)


def _quota(gateway: Gateway, caller: Caller, credentials: Credentials, mailbox: str) -> wire.Quota:
    upstream = Upstream.opened_by(gateway, caller, credentials)
    found = upstream.ask(lambda api, opened: api.quota(opened, mailbox))
    return wire.Quota(data=wire.QuotaResponse(usage=round(found.usage), limit=round(found.limit)))


def _page(upstream: Upstream, q: str, page: int | None) -> InboxPage:
    return upstream.ask(lambda api, mailbox: api.inbox(mailbox, q or None, page))


def _shown(upstream: Upstream, page: InboxPage) -> list[wire.InboxSearch]:
    gone = put_away.among(upstream.gateway.store, upstream.account, [mail for _, mail in page.mails])
    return [_listed(*one) for one, hidden in zip(page.mails, gone, strict=True) if not hidden]


def _mail(upstream: Upstream, number: int) -> Mail:
    """Return a mail that was not put away. Raise a 404 Problem for any other."""
    mail = upstream.ask(lambda api, mailbox: api.inbox_message(mailbox, number))
    [hidden] = put_away.among(upstream.gateway.store, upstream.account, [mail])
    if hidden:
        raise Problem(404, "not_found", vendor_words.MESSAGE_NOT_FOUND)
    return mail


def _listed(id_: int | str, mail: Mail) -> wire.InboxSearch:
    return wire.InboxSearch(
        sender=mail.sender,
        recipient=mail.recipient,
        date=_date(mail),
        object=mail.subject,
        id=int(id_) if str(id_).isdecimal() else 0,
    )


def _date(mail: Mail) -> str:
    return format_datetime(mail.date.astimezone(ROME)) if mail.date else ""
