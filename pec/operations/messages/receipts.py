"""The receipts of a message or job, as an operator reads them."""

from typing import Any

from pec.operations.messages.absent import absent
from pec.receipts import Receipt
from pec.store import records
from pec.store.records import receipt_to_dict
from pec.store.store import Store


def load_receipts(store: Store, message_id: str) -> list[tuple[str, Receipt]]:
    """Return each receipt with its message's id, oldest first. Raise Refused if there is no message."""
    ids = records.ids_of_job(store, message_id)
    if not ids:
        raise absent(store, message_id)
    return [(one, receipt) for one in ids for receipt in _oldest_first(store, one)]


def receipt_dict(message_id: str, receipt: Receipt, text: str | None, text_missing: str) -> dict[str, Any]:
    """Return the object that `pec receipts --json` prints. `text_missing`: why its text can't be read."""
    stated = {"message": message_id, **receipt_to_dict(receipt), "text": text}
    return stated | ({"text_missing": text_missing} if text_missing else {})


def _oldest_first(store: Store, message_id: str) -> list[Receipt]:
    return sorted(records.receipts_of(store, message_id).values(), key=_age)


def _age(receipt: Receipt) -> str:
    return receipt.date.isoformat() if receipt.date else ""
