"""POST /send: a request in the vendor's form becomes one job, however often it is repeated."""

import json
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.background import BackgroundTask

from pec.api import vendor_words, wire
from pec.api.vendor_description import SEND_BODY
from pec.api.wire import SendRequest
from pec.content import encoded_size, sha256
from pec.domains import compared
from pec.instants import from_epoch
from pec.jobs import JobRejected, validate
from pec.problems import Problem as Fault
from pec.problems import problem
from pec.store import given_codes, once
from pec.store.once import Accepted, KeyReused, NoFreeCode
from pec.store.store import wall_clock
from producers.gateway import metrics
from producers.gateway.auth import Caller, caller_with
from producers.gateway.bodies import whole_body
from producers.gateway.context import Gateway, Here
from producers.gateway.idempotency import STATED, id_of_key, key_of, reused
from producers.gateway.problems import Problem, unavailable
from producers.gateway.vendor.codes import candidates
from producers.gateway.vendor.credentials import Credentials, account_of_sender, accounts_opened
from producers.gateway.vendor.refusals import refusals
from producers.uploads import INLINE_BYTES

router = APIRouter(tags=["PEC"])
_CODE = {"path.code": "$response.body#/message_id"}
_LINKS = {
    "receipts": {"operationId": "listReceipts", "parameters": _CODE},
    "away": {"operationId": "putReceiptsAway", "parameters": _CODE},
}
_DAY_SECONDS = 86_400
_CHANCE = random.Random()  # noqa: S311 - codes are no secrets; the system is asked once, and not seven times a send


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job without its id, and the bytes that it names."""

    job: Mapping[str, Any]
    uploads: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        """Return a digest that is equal for the same request, whatever its spelling and credentials."""
        return sha256(json.dumps(self.job, sort_keys=True, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Identity:
    """The id of a request's job, and the record by which a repeat is known; "": none is."""

    job_id: str
    record: str
    keep_seconds: float


@router.post(
    "/send",
    status_code=201,
    response_model=wire.Sent,
    summary="Send a PEC",
    operation_id="send",
    responses={
        **refusals(
            (400, vendor_words.POST_INVALID),
            (408, "the body came too slowly"),
            (409, "Idempotency-Key was used before with another request"),
            (413, "the body is too large"),
        ),
        201: {"links": _LINKS},
    },
    openapi_extra={"requestBody": SEND_BODY, "parameters": [STATED]},
)
async def send(
    request: Request, caller: Annotated[Caller, Depends(caller_with("POST:send"))], gateway: Here
) -> Response:
    """Answer once the job is durable. The same request again gets the same answer, and sends nothing."""
    key, window = key_of(request), gateway.settings.gateway.repeat_window_seconds
    request.state.repeats_send_again = key is None and not window
    async with whole_body(request, gateway, caller) as body:
        sent, record = await run_in_threadpool(_send, gateway, caller, body, key)
    after = BackgroundTask(gateway.answered.note, record) if key is None and record else None
    return JSONResponse(sent.model_dump(), 201, background=after)


def _send(gateway: Gateway, caller: Caller, body: bytes, key: str | None) -> tuple[wire.Sent, str]:
    """Return the answer, and the record by which a repeat is known."""
    outgoing = _read(body)
    given = Credentials(outgoing.username, outgoing.password.get_secret_value())
    opened = accounts_opened(gateway, caller, given)
    account = account_of_sender(opened, outgoing.sender)
    prepared = _prepared(outgoing, account)
    recipients = prepared.job["recipient"]
    count = len(recipients) if isinstance(recipients, list) else 0
    known = _identity(gateway, caller, prepared, key)
    accepted = _accept(gateway, caller, prepared, known, count)
    metrics.REPEATS.inc(accepted.repeated)
    metrics.MESSAGES.labels("vendor").inc(0 if accepted.repeated else count or 1)
    return wire.Sent(sent=count or 1, message_id=accepted.code), known.record


def _identity(gateway: Gateway, caller: Caller, prepared: Prepared, key: str | None) -> Identity:
    token = caller.token.id
    if key is not None:
        return Identity(id_of_key(token, key), once.record_of_key(token, key), once.KEY_SECONDS)
    window = gateway.settings.gateway.repeat_window_seconds
    record = once.record_of_request(token, prepared.fingerprint) if window else ""
    return Identity(f"gw-{secrets.token_hex(16)}", record, once.UNANSWERED_SECONDS)


def _read(body: bytes) -> SendRequest:
    try:
        return SendRequest.model_validate_json(body)
    except ValidationError as error:
        places = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False)]
        raise _invalid([Fault(place, "", "other_form") for place in places]) from None


def _prepared(outgoing: SendRequest, account: str) -> Prepared:
    uploads: dict[str, bytes] = {}

    def put(content: bytes) -> str:
        digest = sha256(content)
        uploads[digest] = content
        return digest

    text = outgoing.body.encode()
    body: str | dict[str, str] = outgoing.body
    if len(text) >= INLINE_BYTES:
        body = {"sha256": put(text)}
    recipients = _each_once(outgoing.recipient)
    job = {
        "type": "send",
        "account": account,
        "recipient": recipients[0] if len(recipients) == 1 else recipients,
        "subject": outgoing.subject,
        "body": body,
        "attachments": [{"name": one.name, "sha256": put(one.file)} for one in outgoing.attachments],
    }
    return Prepared(job, uploads)


def _each_once(addresses: Sequence[str]) -> list[str]:
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(compared(address), address)
    return list(found.values())


def _accept(gateway: Gateway, caller: Caller, prepared: Prepared, known: Identity, count: int) -> Accepted:
    job = {**prepared.job, "id": known.job_id}
    stated = _checked(gateway, job, prepared)
    limit_bytes = gateway.room.require(known.record, has_contents=bool(prepared.uploads))
    for _ in range(3):  # a second in which every candidate was taken has passed by then
        try:
            return once.accept(
                gateway.store,
                once.Request(
                    jobs=[stated],
                    record=known.record,
                    fingerprint=prepared.fingerprint,
                    keep_seconds=known.keep_seconds,
                    uploads=prepared.uploads,
                    codes=candidates(from_epoch(wall_clock()), _CHANCE),
                    owner=given_codes.owner(known.job_id, str(job["account"]), count, str(job["subject"])),
                    code_keep_seconds=gateway.settings.retention.ids_days * _DAY_SECONDS,
                    holder=caller.token.id,
                    limit_bytes=limit_bytes,
                ),
            )
        except KeyReused:
            raise reused() from None
        except NoFreeCode:
            continue
    raise unavailable("no code is free in this second: repeat the request", 1.0)


def _checked(gateway: Gateway, job: Mapping[str, Any], prepared: Prepared) -> str:
    """Return the job for the stream. Raise a 400 Problem if workers would not take it."""
    max_bytes = gateway.settings.api.max_bytes
    try:
        stated = validate(job).model_dump_json(exclude_defaults=True)
    except JobRejected as error:
        raise _invalid(error.problems) from None
    sizes = {digest: len(content) for digest, content in prepared.uploads.items()}
    body = job["body"]
    text_bytes = sizes[body["sha256"]] if isinstance(body, dict) else len(body.encode())
    encoded = encoded_size(text_bytes, [sizes[one["sha256"]] for one in job["attachments"]])
    if encoded > max_bytes:
        figures = {"megabytes": f"{encoded / 1e6:.1f}", "max_megabytes": f"{max_bytes / 1e6:.0f}"}
        raise _invalid([problem("attachments", "message_too_big", **figures)])
    return stated


def _invalid(faults: list[Fault]) -> Problem:
    return Problem(400, "invalid", vendor_words.POST_INVALID, faults=faults)
