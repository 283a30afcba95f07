"""Mail that came in and is no receipt, as an operator reads it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from config.settings import Settings
from pec.incoming import IncomingMail
from pec.instants import to_text
from pec.operations.messages.absent import absent
from pec.operations.names import require_account
from pec.store import inbox, records
from pec.store.store import Store


def list_incoming(
    store: Store, settings: Settings, limit: int, account: str | None = None, reply_to: str | None = None
) -> list[tuple[datetime, IncomingMail]]:
    """Return the newest mails, each with when it was found: of one account, or those that reply to a message or job.

    Raise Refused if there is no such account or message.
    """
    if account:
        require_account(store, settings, account)
    wanted = set(records.ids_of_job(store, reply_to)) if reply_to else None
    if reply_to and not wanted:
        raise absent(store, reply_to)
    return list(islice(_chosen(store, account, wanted), limit))


def incoming_dict(found_at: datetime, mail: IncomingMail) -> dict[str, Any]:
    """Return the object that `pec inbox --json` prints."""
    return {"found_at": to_text(found_at), **mail.as_dict()}


def _chosen(
    store: Store, account: str | None, wanted: set[str] | None
) -> Iterator[tuple[datetime, IncomingMail]]:
    for found_at, mail in inbox.newest(store):
        if account in (None, mail.account) and (wanted is None or mail.in_reply_to in wanted):
            yield found_at, mail
