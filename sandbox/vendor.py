"""The seven operations of the PEC Massiva API."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError, WithJsonSchema

from pec.api import vendor_words, wire
from pec.api.vendor_description import SEND_BODY, refusals
from pec.api.wire import Envelope, SendRequest
from sandbox.access import may_send
from sandbox.answers import refuse
from sandbox.auth import Admitted, Opened
from sandbox.clock import Instant
from sandbox.description import SEND_TOO_FAST
from sandbox.ledger import digest
from sandbox.paging import number_of_pages
from sandbox.scenarios import Fault
from sandbox.serializers import STATUS_OF, inbox_item, inbox_single
from sandbox.state import KIB, Arrived, Here, Sandbox
from sandbox.wire import Reset, Silence

router = APIRouter(redirect_slashes=False)

OptionalPage = Annotated[int | None, WithJsonSchema({"type": "integer"})]  # OpenAPI 3.0 has no null type


@router.post(
    "/send",
    status_code=201,
    response_model=wire.Sent,
    tags=["PEC"],
    summary="Send a PEC",
    responses=refusals((400, vendor_words.POST_INVALID), SEND_TOO_FAST, (500, vendor_words.DATABASE_ERROR)),
    openapi_extra={"requestBody": SEND_BODY},
)
async def send(request: Request, token: Admitted, sandbox: Here, arrived: Arrived) -> Response:
    """Give back the code under which its receipts are found. Up to one call a second for each token."""
    body = await request.body()  # parsed in a thread: a big one must not delay the arrival of others
    return await run_in_threadpool(_send, sandbox, body, token, arrived)


def _send(sandbox: Sandbox, body: bytes, token: str, arrived: Instant) -> Response:
    outgoing = _checked(body)
    password = outgoing.password.get_secret_value()
    if not may_send(sandbox.options.mailboxes, outgoing.sender, outgoing.username, password):
        raise refuse(401, vendor_words.UNAUTHORIZED)
    sandbox.network.join(outgoing.username, outgoing.sender)
    sandbox.senders[outgoing.username] = outgoing.sender
    sending = sandbox.network.send(outgoing, digest(token.encode()), arrived)
    if sending.fault is Fault.SENT_NO_ANSWER:
        return Silence()
    if sending.fault is Fault.SENT_THEN_RESET:
        return Reset()
    if sending.fault or sending.code is None:
        raise refuse(500, vendor_words.DATABASE_ERROR)
    sent = wire.Sent(sent=len(outgoing.recipient), message_id=sending.code)
    return JSONResponse(sent.model_dump(), status_code=201)


def _checked(body: bytes) -> SendRequest:
    try:
        outgoing = SendRequest.model_validate_json(body)
    except ValidationError:
        raise refuse(400, vendor_words.POST_INVALID) from None
    if outgoing.too_big:
        raise refuse(400, vendor_words.POST_INVALID)
    return outgoing


@router.get(
    "/send/{code}",
    tags=["PEC"],
    summary="All mails of a send",
    responses=refusals((404, vendor_words.RESULT_EMPTY)),
)
def statuses(code: str, mailbox: Opened, sandbox: Here, arrived: Arrived) -> wire.Statuses:
    """Search the mailbox by subject: this finds receipts, but also replies and the message itself."""
    found = mailbox.search(code, arrived)
    if not found:
        raise refuse(404, vendor_words.RESULT_EMPTY)
    status_of = STATUS_OF[sandbox.options.shape]
    return wire.Statuses(data=[status_of(mail) for _, mail in found])


@router.delete(
    "/send/{code}",
    tags=["PEC"],
    summary="Delete all mails of a send",
    responses=refusals((404, vendor_words.EMAIL_NOT_FOUND)),
)
def delete_statuses(code: str, mailbox: Opened, arrived: Arrived) -> Envelope:
    if not mailbox.delete_matching(code, arrived):
        raise refuse(404, vendor_words.EMAIL_NOT_FOUND)
    return Envelope(message=vendor_words.RECEIPTS_DELETED)


@router.get("/inbox", tags=["Inbox"], summary="A page of the mailbox", responses=refusals())
def inbox(
    mailbox: Opened, sandbox: Here, arrived: Arrived, q: str = "", page: OptionalPage = None
) -> wire.InboxPage:
    """25 mails a page, those whose subject holds `q`."""
    paging = sandbox.options.paging
    number = paging.first_page if page is None else page
    found = mailbox.search(q, arrived)
    return wire.InboxPage(
        data=[inbox_item(id_, mail) for id_, mail in paging.cut(found, number)],
        page=number,
        total=len(found),
        n_of_pages=number_of_pages(len(found)),
    )


@router.get(
    "/inbox/{id}",
    tags=["Inbox"],
    summary="One mail",
    responses=refusals((404, vendor_words.MESSAGE_NOT_FOUND)),
)
def message(id: int, mailbox: Opened, arrived: Arrived) -> wire.InboxMessage:  # noqa: A002 - the vendor's name
    """Return one mail, with its body in x-www-form-urlencoded."""
    mail = mailbox.get(id, arrived)
    if mail is None:
        raise refuse(404, vendor_words.MESSAGE_NOT_FOUND)
    return wire.InboxMessage(data=inbox_single(mail))


@router.delete("/inbox/{id}", tags=["Inbox"], summary="Delete a mail", responses=refusals())
def delete_message(id: int, mailbox: Opened, arrived: Arrived) -> Envelope:  # noqa: A002 - the vendor's name
    """Delete a mail. The vendor documents no answer for a mail that is missing: it counts as deleted."""
    mailbox.delete(id, arrived)
    return Envelope(message=vendor_words.MESSAGE_DELETED)


@router.get(
    "/quota/{mailbox}",
    tags=["Inbox"],
    summary="How full the mailbox is, in KiB",
    responses=refusals((400, vendor_words.MAILBOX_UNAVAILABLE)),
)
def quota(mailbox: str, opened: Opened, sandbox: Here, arrived: Arrived) -> wire.Quota:
    """`mailbox` is `inbox`, in any case."""
    if mailbox.lower() != "inbox":
        raise refuse(400, vendor_words.MAILBOX_UNAVAILABLE)
    usage = -(-opened.used_bytes(arrived) // KIB)
    return wire.Quota(data=wire.QuotaResponse(usage=usage, limit=sandbox.network.quota_bytes // KIB))
