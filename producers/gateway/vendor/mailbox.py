"""The operations on a mailbox itself, /inbox and /quota: passed through to the vendor's API.

Nothing is deleted by id. Ids are positions that shift, so another mail could go: a receipt that is kept nowhere yet.
"""

from email.utils import format_datetime
from typing import Annotated
from urllib.parse import quote_plus

from fastapi import APIRouter, Depends
from pydantic import WithJsonSchema

from pec.api import vendor_words, wire
from pec.api.vendor_description import refusals
from pec.instants import ROME
from pec.receipts import Mail
from producers.gateway.auth import Caller, caller_with
from producers.gateway.context import Here
from producers.gateway.problems import Problem
from producers.gateway.vendor.credentials import InHeaders, accounts_opened
from producers.gateway.vendor.upstream import ask

router = APIRouter(tags=["Inbox"])
NOT_DELETED = "The mail was not deleted: its id may have shifted, and a receipt could be lost"
OptionalPage = Annotated[int | None, WithJsonSchema({"type": "integer"})]
Reader = Annotated[Caller, Depends(caller_with("GET:inbox"))]


@router.get("/inbox", summary="A page of the mailbox", responses=refusals())
def inbox(
    caller: Reader, credentials: InHeaders, gateway: Here, q: str = "", page: OptionalPage = None
) -> wire.InboxPage:
    found = ask(gateway, caller, credentials, lambda api, mailbox: api.inbox(mailbox, q or None, page))
    return wire.InboxPage(
        data=[_listed(id_, mail) for id_, mail in found.mails],
        page=found.page or 0,
        total=found.total or 0,
        n_of_pages=found.pages or 0,
    )


@router.get("/inbox/{id}", summary="One mail", responses=refusals((404, vendor_words.MESSAGE_NOT_FOUND)))
def message(
    id: int,  # noqa: A002 - the vendor's name
    caller: Reader,
    credentials: InHeaders,
    gateway: Here,
) -> wire.InboxMessage:
    """Return one mail, with its body in x-www-form-urlencoded."""
    mail = ask(gateway, caller, credentials, lambda api, mailbox: api.inbox_message(mailbox, id))
    single = wire.InboxSingle(
        sender=mail.sender,
        recipient=mail.recipient,
        date=_date(mail),
        object=mail.subject,
        body=quote_plus(mail.text or ""),
    )
    return wire.InboxMessage(data=single)


@router.delete("/inbox/{id}", summary="Refused: nothing is deleted by id", responses=refusals())
def delete_message(
    id: int,  # noqa: A002 - the vendor's name
    caller: Annotated[Caller, Depends(caller_with("DELETE:inbox"))],
    credentials: InHeaders,
    gateway: Here,
) -> wire.Envelope:
    """Refuse. Receipts leave the mailbox once they are kept (PEC_MAILBOX__PURGE), others by a mail program."""
    accounts_opened(gateway, caller, credentials)
    raise Problem(403, "not_deleted", NOT_DELETED)


@router.get(
    "/quota/{mailbox}",
    summary="How full the mailbox is",
    responses=refusals((400, vendor_words.MAILBOX_UNAVAILABLE)),
)
def quota(
    mailbox: str,
    caller: Annotated[Caller, Depends(caller_with("GET:quota"))],
    credentials: InHeaders,
    gateway: Here,
) -> wire.Quota:
    found = ask(gateway, caller, credentials, lambda api, opened: api.quota(opened, mailbox))
    return wire.Quota(data=wire.QuotaResponse(usage=round(found.usage), limit=round(found.limit)))


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
