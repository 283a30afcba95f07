"""Messages that need room in a mailbox, moved as far as a test of the room ledger wants them."""

from typing import Any

from config.settings import Receipts
from pec import transitions
from pec.messages import Message
from pec.provider_text import Named
from pec.receipt_transitions import receipts_observed
from pec.receipts import Kind, Receipt
from pec.store import records, room
from pec.store.commits import commit
from pec.store.store import Store
from tests.integration.pec.store.slots import API, NOW, picked, waiting

EACH = 1000
WIDE = API.model_copy(update={"in_flight": 100})


def queued(store: Store, message_id: str, order: int = 1, **fields: Any) -> Message:
    return waiting(store, message_id, order, **{"room": EACH, "body": "b" * 64, **fields})


def pick(store: Store) -> Message | None:
    found = picked(store, WIDE)
    return found.message if found else None


def sent(store: Store, message: Message) -> Message:
    claimed = commit(store, transitions.claimed(message, NOW, "REF", 30))
    return commit(store, transitions.answered(claimed, f"2026112909300000{message.order}", NOW, NOW))


def delivered(store: Store, message: Message, to: str) -> Message:
    receipt = Receipt(
        kind=Kind.CONSEGNA, subject="s", code=message.code or "", date=NOW, virus=False,
        named=(Named(to, True),), final=None, error=None, text="t", sender="posta-certificata@pec.example",
    )  # fmt: skip
    known = records.receipts_of(store, message.id)
    return commit(store, receipts_observed(message, known, [receipt], [], NOW, Receipts(), 0.5))


def now(store: Store) -> room.Room:
    return room.read(store, "acme")
