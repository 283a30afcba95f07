"""PUT /v1/uploads/{sha256}: bytes go to Redis in parts as they come, so that no file is held in memory."""

import hashlib
from typing import Annotated

import redis
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from pec.store import uploaded
from pec.store.store import Store
from pec.store.uploaded import Upload
from producers.gateway.auth import Caller
from producers.gateway.bodies import stated_length, streamed_body
from producers.gateway.context import Gateway, Here
from producers.gateway.problems import Problem, too_large, unavailable
from producers.gateway.v1.callers import Sender, not_found
from producers.gateway.v1.models import Upload as Uploaded
from producers.gateway.v1.refusals import refusals

router = APIRouter(prefix="/uploads", tags=["Uploads"])
PART_BYTES = 262_144
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lower case")]
_LINKS = {"kept": {"operationId": "hasUpload", "parameters": {"path.sha256": "$response.body#/sha256"}}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "/{sha256}",
    status_code=201,
    operation_id="putUpload",
    summary="Upload bytes that messages name by their SHA-256",
    response_model=Uploaded,
    responses={**refusals(408, 413), 201: {"links": _LINKS}},
    openapi_extra=_BODY,
)
async def put(sha256: Digest, request: Request, caller: Sender, gateway: Here) -> JSONResponse:
    """Keep the bytes for 7 days; messages that name them, and a repeated upload, begin these days anew."""
    limit = gateway.settings.api.max_bytes
    if (stated_length(request) or 0) > limit:
        raise too_large(limit)
    upload = await run_in_threadpool(_begun, gateway, caller, stated_length(request) or limit)
    try:
        size = await _received(request, gateway, upload, sha256, limit)
        await run_in_threadpool(_finish, gateway.store, upload, sha256, size)
    except Exception:
        await run_in_threadpool(_drop, gateway.store, upload)
        raise
    return JSONResponse({"sha256": sha256, "size": size}, 201)


@router.head(
    "/{sha256}",
    operation_id="hasUpload",
    summary="Ask whether the token has uploaded these bytes",
    response_class=Response,
    responses=refusals(404),
)
def has(sha256: Digest, caller: Sender, gateway: Here) -> Response:
    """Answer 200 if messages may name them. They are kept for 7 more days then."""
    if not uploaded.sizes(gateway.store, caller.token.id, [sha256]):
        raise not_found("upload")
    return Response()


async def _received(request: Request, gateway: Gateway, upload: Upload, sha256: str, limit: int) -> int:
    """Write the body to Redis under a name of its own. Return its size. Raise a Problem if its hash differs."""
    digest, size, waiting = hashlib.sha256(), 0, bytearray()
    async for piece in streamed_body(request, limit):
        digest.update(piece)
        waiting += piece
        if len(waiting) >= PART_BYTES:
            await run_in_threadpool(uploaded.write, gateway.store, upload, size, bytes(waiting))
            size += len(waiting)
            waiting.clear()
    await run_in_threadpool(uploaded.write, gateway.store, upload, size, bytes(waiting))
    if digest.hexdigest() != sha256:
        raise Problem(422, "other_sha256", "the bytes have another SHA-256 than the path: nothing is kept")
    return size + len(waiting)


def _begun(gateway: Gateway, caller: Caller, size: int) -> Upload:
    return uploaded.begin(gateway.store, caller.token.id, size, gateway.room.require_for_upload())


def _finish(store: Store, upload: Upload, sha256: str, size: int) -> None:
    if not uploaded.finish(store, upload, sha256, size):
        raise unavailable("the upload is not stored for sure: repeat it")


def _drop(store: Store, upload: Upload) -> None:
    try:
        uploaded.drop(store, upload)
    except redis.RedisError:
        return  # it expires
