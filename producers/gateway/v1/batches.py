"""Batches: declared, counted, paused, resumed and cancelled."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from pec.instants import to_text
from pec.jobs import ID, JobRejected, read_json, validate
from pec.names import State
from pec.operations.actions import pause_batch, resume_batch
from pec.operations.refusals import Refused
from pec.problems import problem
from pec.store import batches, once, records
from pec.store.store import Store
from producers.gateway.auth import Caller
from producers.gateway.bodies import whole_body
from producers.gateway.context import Gateway, Here
from producers.gateway.v1.callers import Manager, Reader, Sender, not_found
from producers.gateway.v1.models import Batch, BatchStep, NewBatch, Requested
from producers.gateway.v1.names import may_use_name, own_name
from producers.gateway.v1.refusals import BODY, refusals
from producers.producer import wire_job

router = APIRouter(prefix="/batches", tags=["Batches"])
MAX_BODY_BYTES = 65_536
BatchName = Annotated[str, Path(pattern=ID, description="with its account: acme:november")]
_LINKS = {
    name: {"operationId": operation, "parameters": {"path.name": "$response.body#/id"}}
    for name, operation in (("counts", "getBatch"), ("pause", "pauseBatch"), ("cancel", "cancelBatch"))
}
_STEP: dict[str, Any] = {"response_model": BatchStep, "responses": refusals(404)}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{NewBatch.__name__}"},
                "example": {"account": "acme", "name": "november", "size": 3000},
            }
        },
    }
}


@router.post(
    "",
    status_code=202,
    operation_id="declareBatch",
    summary="Declare how many messages a batch will have",
    response_model=Requested,
    responses={**refusals(*BODY), 202: {"links": _LINKS}},
    openapi_extra=_BODY,
)
async def declare(request: Request, caller: Sender, gateway: Here) -> JSONResponse:
    """Answer once it is durable. Repeat it as often as you like: the greatest size counts."""
    async with whole_body(request, gateway, caller, MAX_BODY_BYTES) as body:
        return await run_in_threadpool(_declare, gateway, caller, body)


@router.get(
    "/{name}",
    operation_id="getBatch",
    summary="Count the messages of a batch by state",
    response_model=Batch,
    responses=refusals(404),
)
def one(name: BatchName, caller: Reader, gateway: Here) -> JSONResponse:
    """Return the counts, and whether the batch is paused or complete."""
    stored = _stored(gateway.store, caller, name)
    paused = batches.state_of(gateway.store, name)
    states = set(map(str, State))
    found: dict[str, Any] = {
        "name": name,
        "counts": {state: int(count) for state, count in stored.items() if state in states and int(count)},
        "ended": int(stored.get("ended", 0)),
        "size": int(stored["size"]) if "size" in stored else None,
        "completed_at": stored.get("completed_at"),
        "paused": paused and {"since": to_text(paused.since), "reason": paused.reason.as_dict()},
        "parked": paused.parked if paused else None,
    }
    return JSONResponse({field: value for field, value in found.items() if value is not None})


@router.post(
    "/{name}/pause", operation_id="pauseBatch", summary="Hold back what a batch has not sent", **_STEP
)
def pause(name: BatchName, caller: Manager, gateway: Here) -> JSONResponse:
    """Let its unsent messages wait until it is resumed, and those that are still to come."""

    def act() -> str:
        paused = pause_batch(gateway.store, name, f"token {caller.token.name}")
        return "already_paused" if paused.already else "paused"

    return _stepped(gateway.store, caller, name, act)


@router.post("/{name}/resume", operation_id="resumeBatch", summary="Let a batch go on", **_STEP)
def resume(name: BatchName, caller: Manager, gateway: Here) -> JSONResponse:
    """Give its messages their places in line back."""
    return _stepped(gateway.store, caller, name, lambda: resume_batch(gateway.store, name))


@router.post(
    "/{name}/cancel",
    status_code=202,
    operation_id="cancelBatch",
    summary="Cancel what a batch has not sent",
    response_model=Requested,
    responses=refusals(404),
)
def cancel(name: BatchName, caller: Manager, gateway: Here) -> JSONResponse:
    """Ask workers to cancel every message of it that is queued."""
    _stored(gateway.store, caller, name)
    job = wire_job(validate({"type": "cancel", "batch": name}))
    return _enqueued(gateway, caller, name, job, gateway.room.cancel_bytes())


def _stored(store: Store, caller: Caller, name: str) -> dict[str, str]:
    stored = records.batch_of(store, name)
    if not stored or not may_use_name(caller, name):
        raise not_found("batch")
    return stored


def _stepped(store: Store, caller: Caller, name: str, act: Callable[[], str]) -> JSONResponse:
    """Return the outcome of a step that is taken at once. Raise a Problem if there is no such batch."""
    _stored(store, caller, name)
    try:
        return JSONResponse({"name": name, "outcome": act()})
    except Refused:
        raise not_found("batch") from None


def _declare(gateway: Gateway, caller: Caller, body: bytes) -> JSONResponse:
    found = read_json(body)
    if not isinstance(found, dict):
        raise JobRejected([problem("job", "not_a_job")])
    if stray := sorted(set(found) - set(NewBatch.model_fields)):
        raise JobRejected([problem(stray[0][:64] if stray[0].isprintable() else "job", "stray_field")])
    account, name = found.get("account"), found.get("name")
    if missing := [field for field in NewBatch.model_fields if found.get(field) is None]:
        raise JobRejected([problem(field, "missing_field") for field in missing])
    if not isinstance(account, str) or not caller.may_use(account):
        names = ", ".join(sorted(caller.token.accounts))
        raise JobRejected([problem("account", "unknown_account", names=names)])
    if not isinstance(name, str) or not name:
        raise JobRejected([problem("name", "not_an_id")])
    job = validate({"type": "batch", "id": own_name(account, name), "size": found["size"]})
    return _enqueued(gateway, caller, own_name(account, name), wire_job(job), gateway.room.token_bytes())


def _enqueued(gateway: Gateway, caller: Caller, name: str, job: str, limit_bytes: int) -> JSONResponse:
    request = once.Request(jobs=[job], holder=caller.token.id, limit_bytes=limit_bytes)
    accepted = once.accept(gateway.store, request)
    return JSONResponse({"id": name, "entry": accepted.entries[0]}, 202)
