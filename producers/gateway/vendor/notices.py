"""Notices to old clients about a PEC that never left: they know receipts only, so one says it in their words.

Its sender is no address and its text says what it is: it is no receipt, and proves nothing.
"""

from datetime import datetime

from pec.instants import from_text
from pec.messages import Message
from pec.store import rejections
from pec.store.given_codes import GivenCode
from pec.store.store import Store

SENDER = "gateway PEC"
HEADING = "AVVISO DI NON ACCETTAZIONE"
KEY = "notice"  # by which a client deletes it


def text_of(subject: str, why: str) -> str:
    """Return the notice for its reader, who is Italian."""
    return (
        f'Il messaggio "{subject}" non è stato inviato (motivo: {why}). '
        "Questo avviso è del gateway: non è una ricevuta PEC."
    )


def unsent(message: Message) -> tuple[datetime, str] | None:
    """Return when a message ended without having been sent, and the code of the reason. None: it was, or may be."""
    if not message.ended or message.code is not None:
        return None
    return message.ended_at or message.updated_at, message.reason.code if message.reason else str(
        message.state
    )


def rejected(store: Store, given: GivenCode) -> tuple[datetime, str] | None:
    """Return the same of a job that the workers did not take."""
    for entry in given.entries:
        if one := rejections.of_entry(store, entry):
            return from_text(one.at), one.problems[0].code if one.problems else "rejected"
    return None
