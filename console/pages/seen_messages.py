"""Messages of the mailboxes that a person may see, by id, and their receipts. Others do not exist for the person."""

from fastapi import HTTPException

from console.formats import in_path
from console.visit import Visit
from pec.messages import Message, UnsupportedRecord
from pec.operations.messages.message_detail import MessageDetail, load_details
from pec.operations.messages.receipts import load_receipts
from pec.operations.refusals import Refused
from pec.receipts import Receipt


def details_of(visit: Visit, message_id: str) -> list[MessageDetail]:
    """Return the messages of an id that the person may see. Raise 404 if there is none.

    Only who sees everything learns why: the reason says something about the message.
    """
    try:
        found = load_details(visit.store, visit.settings, message_id)
    except Refused as refused:
        raise HTTPException(404, str(refused) if visit.user.sees_everything else None) from None
    except UnsupportedRecord:
        if visit.user.sees_everything:
            raise
        raise HTTPException(404) from None
    details = [one for one in found if visit.user.sees(one.message.account)]
    if not details:
        raise HTTPException(404)
    return details


def one_message(visit: Visit, message_id: str) -> Message:
    """Return the message of an id. Raise 404 if there is none, or if a job made several."""
    details = details_of(visit, message_id)
    if len(details) > 1:
        raise HTTPException(404)
    return details[0].message


def receipts_of(visit: Visit, message: Message) -> list[Receipt]:
    """Return the receipts of a message in the order that downloads count."""
    return [receipt for _id, receipt in load_receipts(visit.store, message.id)]


def page_of(message_id: str) -> str:
    """Return the address of a message's page."""
    return f"/messages/{in_path(message_id)}"
