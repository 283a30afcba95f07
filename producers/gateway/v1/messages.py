"""GET /v1/messages: one with its timeline, or pages of them; and cancelling one."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from pec.account_names import account_of
from pec.jobs import ID, validate
from pec.messages import UnsupportedRecord
from pec.names import State
from pec.operations.messages.message_detail import detail_dict, load_details
from pec.operations.refusals import Refused
from pec.problems import problem
from pec.record_json import message_dict
from pec.store import cursors, once, pages, records, rejections
from pec.store.store import Store, text
from producers.gateway.auth import Caller
from producers.gateway.context import Here
from producers.gateway.problems import Problem
from producers.gateway.v1.callers import Manager, Reader, no_cursor, not_found
from producers.gateway.v1.models import JobStatus, Message, MessageDetail, Messages, Requested, answered
from producers.gateway.v1.names import may_use_name, sees_all
from producers.gateway.v1.refusals import refusals
from producers.gateway.v1.shown import shown_errors
from producers.producer import wire_job

router = APIRouter(prefix="/messages", tags=["Messages"])
MAX_PAGE = 200
_MAX_REJECTIONS = 200  # of its account, that are looked through for a job without its entry
MessageId = Annotated[
    str, Path(min_length=1, max_length=140, pattern=r"^[A-Za-z0-9._:-]{1,128}(#[0-9]{1,3})?$")
]
Entry = Annotated[
    str | None, Query(pattern=r"^[0-9]{1,15}-[0-9]{1,12}$", description="as the answer gave it")
]


@router.get(
    "",
    operation_id="listMessages",
    summary="List messages",
    response_model=Messages,
    responses=refusals(),
)
def listed(
    caller: Reader,
    gateway: Here,
    account: Annotated[str | None, Query(max_length=64)] = None,
    state: Annotated[list[State], Query(description="one or more states")] = [],  # noqa: B006 - FastAPI copies it
    batch: Annotated[str | None, Query(pattern=ID, description="with its account: acme:november")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    after: Annotated[
        str | None, Query(max_length=cursors.MAX_LENGTH, description="`next` of the page before")
    ] = None,
) -> JSONResponse:
    """Return those that changed last first, or those of a batch in the order of intake.

    A message that changes while you go through the pages moves to the front.
    """
    store, reader = gateway.store, caller.token.id
    if batch is not None and not may_use_name(caller, batch):
        return JSONResponse({"messages": []})  # as for a batch that does not exist

    def fits(of: str, in_state: str) -> bool:
        return caller.may_use(of) and account in (None, of) and (not state or in_state in state)

    try:
        page = (
            pages.newest(store, reader, state, _accounts(caller, account), fits, limit, after)
            if batch is None
            else pages.of_batch(store, reader, batch, fits, limit, after)
        )
    except cursors.NoCursor:
        raise no_cursor() from None
    unsupported: list[UnsupportedRecord] = []
    found = records.read_all(store, page.ids, unsupported.append)
    messages = [answered(Message, message_dict(one)) for one in found if caller.may_use(one.account)]
    return JSONResponse({"messages": messages, **({"next": page.next} if page.next else {})})


def _accounts(caller: Caller, account: str | None) -> list[str] | None:
    """Return the accounts whose messages are asked for, or None for those of all."""
    if account is not None:
        return [account] if caller.may_use(account) else []
    return None if sees_all(caller) else sorted(caller.token.accounts)


@router.get(
    "/{id}",
    operation_id="getMessage",
    summary="Get a message with its timeline",
    response_model=MessageDetail | JobStatus,
    responses=refusals(404),
)
def one(id: MessageId, caller: Reader, gateway: Here, entry: Entry = None) -> JSONResponse:  # noqa: A002
    """Return the message. With `entry`, a job that no worker has taken yet is found, too."""
    store = gateway.store
    ids = owned(store, caller, id)
    if len(ids) > 1:
        return JSONResponse({"id": id, "state": "several", "messages": ids})
    if ids:
        try:
            [detail] = load_details(store, gateway.settings, ids[0])
        except (Refused, ValueError):
            raise not_found("message") from None
        return JSONResponse(_detail(detail_dict(detail)))
    found = _pending(store, caller, id, entry) or _rejected(store, caller, id, entry)
    if found is None:
        raise not_found("message")
    return JSONResponse(answered(JobStatus, found))


@router.post(
    "/{id}/cancel",
    status_code=202,
    operation_id="cancelMessage",
    summary="Cancel a message that is not sent",
    response_model=Requested,
    responses=refusals(404, 409),
)
def cancel(id: MessageId, caller: Manager, gateway: Here) -> JSONResponse:  # noqa: A002 - the contract's word
    """Ask workers to cancel it. A cancel that comes before its message is kept for a day."""
    store = gateway.store
    ids, account = _messages_of(store, id)
    theirs = may_use_name(caller, id) and "#" not in id if account is None else caller.may_use(account)
    if not theirs:
        raise not_found("message")
    waiting = [one for one in records.read_all(store, ids) if one.state is State.QUEUED]
    if ids and not waiting:
        state = next((one.state for one in records.read_all(store, ids)), None)
        faults = [problem("id", "not_queued", id=id, state=state)] if state else []
        raise Problem(
            409, "not_queued", "only a message that is still queued can be cancelled", faults=faults
        )
    if "#" in id:
        detail = "messages of one job are cancelled together: cancel the id before the #"
        raise Problem(422, "one_of_several", detail)
    job = wire_job(validate({"type": "cancel", "id": id}))
    accepted = once.accept(
        store, once.Request(jobs=[job], holder=caller.token.id, limit_bytes=gateway.room.cancel_bytes())
    )
    return JSONResponse({"id": id, "entry": accepted.entries[0]}, 202)


def owned(store: Store, caller: Caller, message_id: str) -> list[str]:
    """Return the ids of the messages of this id, or of this job; none if the token may not see them."""
    ids, account = _messages_of(store, message_id)
    return ids if account is not None and caller.may_use(account) else []


def _messages_of(store: Store, job_id: str) -> tuple[list[str], str | None]:
    """Return the messages of an id, or of a job, and their account. Both are empty if no record is there."""
    ids = [job_id]
    account = store.client.hget(store.keys.message(job_id), "account")
    if account is None and (ids := records.ids_of_job(store, job_id)):
        account = store.client.hget(store.keys.message(ids[0]), "account")
    return (ids, text(account)) if account is not None else ([], None)


def _detail(stated: dict[str, Any]) -> dict[str, Any]:
    kept = [_present(one) for one in stated["timeline"]], [_present(one) for one in stated["next"]]
    return {**answered(MessageDetail, stated), "timeline": kept[0], "next": kept[1]}


def _present(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value is not None}


def _pending(store: Store, caller: Caller, job_id: str, entry: str | None) -> dict[str, Any] | None:
    """Return a job that no worker has taken, if this entry of the stream is it and the token may see it."""
    if entry is None:
        return None
    pairs: Any = store.client.xrange(store.keys.jobs, entry, entry, count=1)
    for _, fields in pairs:
        job = _read(fields.get(b"job", b""))
        if job.get("id") == job_id and caller.may_use(str(job.get("account"))):
            return {"id": job_id, "account": job["account"], "state": "pending", "entry": entry}
    return None


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rejected(store: Store, caller: Caller, job_id: str, entry: str | None) -> dict[str, Any] | None:
    if entry is not None:
        of_entry = rejections.of_entry(store, entry)
        looked_at = [of_entry] if of_entry else []
    else:
        named = account_of({"id": job_id}) or ""
        looked_at = [one for of in {named, ""} for one in rejections.latest_of(store, of, _MAX_REJECTIONS)]
    for one in looked_at:
        account = account_of(one.job)
        if one.job.get("id") != job_id:
            continue
        if one.job.get("type") == "cancel" or account is None or not caller.may_use(account):
            continue
        return {
            "id": job_id,
            "account": account,
            "state": "rejected",
            "entry": one.entry,
            "errors": shown_errors(caller, [fault.as_dict() for fault in one.problems]),
        }
    return None
