"""POST /v1/messages and /v1/messages/batch: requests become jobs, however often they are repeated."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from pec.content import sha256
from pec.store import once
from pec.store.once import KeyReused
from pec.store.store import Store
from producers.gateway import metrics
from producers.gateway.auth import Caller
from producers.gateway.bodies import whole_body
from producers.gateway.context import Gateway, Here
from producers.gateway.idempotency import key_of, reused
from producers.gateway.problems import Problem
from producers.gateway.v1 import jobs
from producers.gateway.v1.callers import Sender
from producers.gateway.v1.models import Accepted, AcceptedMany
from producers.gateway.v1.refusals import BODY, refusals
from producers.gateway.v1.request_bodies import KEY, LINKS, MANY, ONE

router = APIRouter(prefix="/messages", tags=["Messages"])
NDJSON = "application/x-ndjson"
Prepare = Callable[[Gateway, Caller, bytes, str | None], jobs.Request]


@router.post(
    "",
    status_code=202,
    operation_id="sendMessage",
    summary="Send one PEC, or one to each of several recipients",
    response_model=Accepted,
    responses={**refusals(*BODY), 202: {"links": LINKS}},
    openapi_extra={"requestBody": ONE, "parameters": [KEY]},
)
async def send(request: Request, caller: Sender, gateway: Here) -> JSONResponse:
    """Answer once the message is durable. The same request again gets the same answer, and sends nothing."""
    accepted, repeated = await _accepted(request, gateway, caller, jobs.one)
    return _answer(accepted[0], repeated, {"Location": accepted[0]["status_url"]})


@router.post(
    "/batch",
    status_code=202,
    operation_id="sendMessages",
    summary="Send up to 1,000 messages",
    response_model=AcceptedMany,
    responses=refusals(*BODY),
    openapi_extra={"requestBody": MANY, "parameters": [KEY]},
)
async def send_many(request: Request, caller: Sender, gateway: Here) -> JSONResponse:
    """Answer once all are durable. If one is not valid, none is enqueued."""
    by_lines = request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON

    def prepare(gateway: Gateway, caller: Caller, body: bytes, key: str | None) -> jobs.Request:
        return jobs.many(gateway, caller, body, key, by_lines=by_lines)

    accepted, repeated = await _accepted(request, gateway, caller, prepare)
    return _answer({"messages": accepted}, repeated, {})


async def _accepted(
    request: Request, gateway: Gateway, caller: Caller, prepare: Prepare
) -> tuple[list[dict[str, Any]], bool]:
    key = key_of(request)
    async with whole_body(request, gateway, caller) as body:
        return await run_in_threadpool(_accept, gateway, caller, body, key, prepare)


def _accept(
    gateway: Gateway, caller: Caller, body: bytes, key: str | None, prepare: Prepare
) -> tuple[list[dict[str, Any]], bool]:
    found = prepare(gateway, caller, body, key)
    record = _record(caller, key, found)
    request = once.Request(
        jobs=[one.stated for one in found.jobs],
        record=record,
        fingerprint=found.fingerprint,
        uploads=found.uploads,
        names=list({digest: None for one in found.jobs for digest in one.contents.named}),
        holder=caller.token.id,
        limit_bytes=gateway.room.require(record, has_contents=bool(found.uploads)),
    )
    accepted = accepted_once(gateway.store, request, by_id=key is None)
    metrics.REPEATS.inc(accepted.repeated)
    metrics.MESSAGES.labels("v1").inc(0 if accepted.repeated else found.count)
    pairs = zip(found.jobs, accepted.entries, strict=True)
    return [_stated(one, entry) for one, entry in pairs], accepted.repeated


def accepted_once(store: Store, request: once.Request, *, by_id: bool) -> once.Accepted:
    """Enqueue the request, or return its first answer. Raise a 409 Problem if its record is of another request.

    `by_id`: its messages have ids, which are free again if workers rejected one of its jobs.
    """
    while True:
        try:
            accepted = once.accept(store, request)
        except KeyReused:
            if not by_id or not once.forget_rejected(store, request.record):
                raise (_id_reused() if by_id else reused()) from None
        else:
            if not (by_id and accepted.repeated and once.forget_rejected(store, request.record)):
                return accepted


def _id_reused() -> Problem:
    return reused("An id of the request", "correct the content, or use a new id")


def _record(caller: Caller, key: str | None, found: jobs.Request) -> str:
    """Return the record by which a repeat is known: the key, the id of a single message, or all of many messages."""
    if key is not None:
        return once.record_of_key(caller.token.id, key)
    if len(found.jobs) == 1:
        return f"id:{sha256(found.jobs[0].job.id.encode())[:40]}"
    return once.record_of_request(caller.token.id, found.fingerprint)


def _stated(one: jobs.Prepared, entry: str) -> dict[str, Any]:
    url = f"/v1/messages/{quote(one.job.id, safe=':')}?entry={entry}"
    return {"id": one.job.id, "account": one.job.account, "entry": entry, "status_url": url}


def _answer(stated: dict[str, Any], repeated: bool, headers: dict[str, str]) -> JSONResponse:
    replayed = {"Idempotent-Replayed": "true"} if repeated else {}
    return JSONResponse(stated, 202, {**headers, **replayed})
