"""The receipts of a message, each as it was signed, and the bundle of its proof. Both are given in ranges, too."""

import hashlib
import os
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi import Path as PathOf
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from archive import contents
from archive.vault import VaultError
from pec.instants import to_text
from pec.messages import Message
from pec.operations.messages.message_detail import addresses_named
from pec.receipts import Receipt
from pec.store import records
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway, Here
from producers.gateway.language import preferred
from producers.gateway.problems import unavailable
from producers.gateway.receipt_texts import text_or_why
from producers.gateway.v1 import scratch
from producers.gateway.v1.bundles import bundle
from producers.gateway.v1.callers import Reader, not_found
from producers.gateway.v1.messages import MessageId, owned
from producers.gateway.v1.models import Receipts
from producers.gateway.v1.refusals import refusals

router = APIRouter(prefix="/messages/{id}", tags=["Receipts"])
_EML, _ZIP = "message/rfc822", "application/zip"
Digest = Annotated[str, PathOf(pattern=r"^[0-9a-f]{64}$")]


def _bytes(media_type: str) -> dict[int | str, dict[str, object]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"description": "all bytes", "content": content},
        206: {"description": "a range", "content": content},
    }


@router.get(
    "/receipts",
    operation_id="listReceipts",
    summary="List the receipts of a message",
    response_model=Receipts,
    responses=refusals(404),
)
async def listed(id: MessageId, caller: Reader, gateway: Here) -> JSONResponse:  # noqa: A002 - the contract's word
    """Return them oldest first, with their texts, and with the path of each original that is kept."""
    found = await run_in_threadpool(_receipts, gateway, caller, id)
    if any(one.original for one in found):  # whose texts the archive has
        stated = await gateway.threads.archive.run(_all_stated, gateway, id, found)
    else:
        stated = _all_stated(gateway, id, found)
    return JSONResponse({"receipts": stated})


def _receipts(gateway: Gateway, caller: Caller, id: str) -> list[Receipt]:  # noqa: A002
    if owned(gateway.store, caller, id) != [id]:
        raise not_found("message")
    return sorted(records.receipts_of(gateway.store, id).values(), key=_age)


def _all_stated(gateway: Gateway, id: str, found: list[Receipt]) -> list[dict[str, object]]:  # noqa: A002
    return [_stated(id, one, *text_or_why(one, gateway.vault)) for one in found]


@router.get(
    "/receipts/{sha256}.eml",
    operation_id="getOriginal",
    summary="Download a receipt as it was signed",
    response_class=FileResponse,
    responses={**refusals(404, 416), **_bytes(_EML)},
)
async def original(id: MessageId, sha256: Digest, caller: Reader, gateway: Here) -> FileResponse:  # noqa: A002
    """Return the signed mail, byte for byte."""
    return await gateway.threads.archive.run(_original, gateway, caller, id, sha256)


def _original(gateway: Gateway, caller: Caller, id: str, sha256: str) -> FileResponse:  # noqa: A002
    kept = records.receipts_of(gateway.store, id).values() if owned(gateway.store, caller, id) == [id] else ()
    known = next((one.original for one in kept if one.original and one.original.sha256 == sha256), None)
    if known is None:
        raise not_found("receipt")
    place = scratch.folder() / f"{sha256}.eml"
    if not place.exists():
        try:
            scratch.put(place, contents.original(gateway.vault, known))
        except VaultError as away:
            raise unavailable(f"the archive does not give the receipt: {away}") from None
        if known.signed_at:
            os.utime(place, (known.signed_at.timestamp(),) * 2)
    return FileResponse(place, media_type=_EML, filename=place.name, headers={"ETag": f'"{sha256}"'})


@router.get(
    "/proof",
    operation_id="getProof",
    summary="Download the proof of a message",
    response_class=FileResponse,
    responses={**refusals(404, 416), **_bytes(_ZIP)},
)
async def proof(
    id: MessageId,  # noqa: A002 - the contract's word
    caller: Reader,
    gateway: Here,
    accept_language: Annotated[
        str, Header(alias="Accept-Language", description="of its page: it or en")
    ] = "",
) -> FileResponse:
    """Return what `pec proof` writes, as a ZIP file. The header `Pec-Proof` says whether it is complete."""
    message = await run_in_threadpool(_message, gateway, caller, id)
    language = preferred(accept_language)
    digest = hashlib.sha256(f"{id}\0{message.version}\0{language}".encode()).hexdigest()[:32]
    place = scratch.folder() / f"{digest}.zip"
    if not place.exists():
        await gateway.threads.bundles.run(_make, gateway, id, place, language)
    headers = {"Pec-Proof": message.proof or "incomplete", "Vary": "Accept-Language"}
    return FileResponse(place, media_type=_ZIP, filename="proof.zip", headers=headers)


def _message(gateway: Gateway, caller: Caller, id: str) -> Message:  # noqa: A002
    if owned(gateway.store, caller, id) != [id]:
        raise not_found("message")
    message = records.read(gateway.store, id)
    if message is None:
        raise not_found("message")
    return message


def _make(gateway: Gateway, message_id: str, place: Path, language: str) -> None:
    try:
        bundle(gateway, message_id, place, language)
    except VaultError as away:
        raise unavailable(f"the archive does not give all bytes: {away}") from None


def _stated(message_id: str, receipt: Receipt, text: str | None, why: str) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": str(receipt.kind),
        "date": receipt.date and to_text(receipt.date),
        "subject": receipt.subject,
        "recipients": addresses_named(receipt) or None,
        "error": receipt.error,
        "text": text,
        "text_missing": why or None,
    }
    if known := receipt.original:
        original = {
            "sha256": known.sha256,
            "size": known.size,
            "verdict": str(known.verdict),
            "identificativo": known.identificativo,
            "signed_at": known.signed_at and to_text(known.signed_at),
            "url": f"/v1/messages/{message_id.replace('#', '%23')}/receipts/{known.sha256}.eml",
        }
        found["original"] = {name: value for name, value in original.items() if value is not None}
    return {name: value for name, value in found.items() if value is not None}


def _age(receipt: Receipt) -> str:
    return receipt.date.isoformat() if receipt.date else ""
