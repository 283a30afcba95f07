"""Files of a message: its receipts as they were signed, their texts, and its attachments."""

from fastapi import APIRouter, HTTPException, Response

from archive import contents
from archive.receipt_texts import text_or_why
from archive.stale import text_bytes
from archive.vault import VaultError
from archive.vault.installation import open_vault
from config.texts import _
from console.downloads import download
from console.pages.seen_messages import one_message, receipts_of
from console.visit import Reader, Visit
from pec.operations.refusals import Refused
from pec.receipts import Receipt

router = APIRouter()


@router.get("/messages/{message_id}/receipts/{number}.eml")
def original(visit: Reader, message_id: str, number: int) -> Response:
    """Download a receipt as it was signed."""
    receipt = _receipt(visit, message_id, number)
    if receipt.original is None:
        raise HTTPException(404)
    try:
        data = contents.original(open_vault(visit.settings.archive, visit.store), receipt.original)
    except VaultError as error:
        raise Refused("archive", str(error)) from None
    return download(data, f"{message_id}-{number}-{receipt.kind}.eml", "message/rfc822")


@router.get("/messages/{message_id}/receipts/{number}.txt")
def text(visit: Reader, message_id: str, number: int) -> Response:
    """Download the text of a receipt."""
    receipt = _receipt(visit, message_id, number)
    found, why = text_or_why(receipt, open_vault(visit.settings.archive, visit.store))
    if why:
        raise Refused("archive", why)
    return download(text_bytes(found or ""), f"{message_id}-{number}-{receipt.kind}.txt", "text/plain")


@router.get("/messages/{message_id}/attachments/{number}")
def attachment(visit: Reader, message_id: str, number: int) -> Response:
    """Download an attachment that was sent, or is to be."""
    message = one_message(visit, message_id)
    if not 0 <= number < len(message.attachments):
        raise HTTPException(404)
    file = message.attachments[number]
    vault = open_vault(visit.settings.archive, visit.store)
    try:
        data = contents.read(visit.store, vault, [file.sha256])[file.sha256]
    except VaultError as error:
        raise Refused("archive", str(error)) from None
    except KeyError:
        raise Refused("content_missing", _("its bytes are no longer kept: look into the receipts")) from None
    return download(data, file.name, "application/octet-stream")


def _receipt(visit: Visit, message_id: str, number: int) -> Receipt:
    found = receipts_of(visit, one_message(visit, message_id))
    if not 0 <= number < len(found):
        raise HTTPException(404)
    return found[number]
