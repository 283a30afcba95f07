"""Messages that wait, picks and slots, for the tests of pace."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from config.settings import Api
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import State
from pec.store import accounts, pacing, room
from pec.store.commits import commit
from pec.store.pacing import Hint, Picked, Slot, TooEarly
from pec.store.store import Store

TOKEN = "t"
API = Api(rate=50, margin_seconds=0)
PICK_LEASE_SECONDS = 60.0
PAUSE_RATIO = 0.95
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def store(redis: Redis) -> Store:
    found = Store(redis, "pec")
    for account in ("acme", "beta"):
        accounts.register(found, account, TOKEN)
        note_quota(found, account)
    return found


def note_quota(store: Store, account: str = "acme", used: int = 0, limit: int = 1 << 30) -> None:
    """Note a reading of the quota in bytes, asked now."""
    room.note_reading(store, account, used, limit, PAUSE_RATIO, room.arrived(store, account))


def waiting(
    store: Store, message_id: str, order: int, account: str = "acme", priority: int = 5, **fields: Any
) -> Message:
    message = Message(
        id=message_id,
        account=account,
        recipients=fields.pop("recipients", ("x@pec.example",)),
        subject="s",
        state=State.QUEUED,
        created_at=NOW,
        updated_at=NOW,
        order=order,
        priority=priority,
        **fields,
    )
    return commit(store, enqueued(message, NOW))


def picked(store: Store, api: Api = API, accounts: Sequence[str] = ("acme", "beta")) -> Picked | None:
    return pacing.pick(store, Hint(TOKEN, "0"), accounts, api, PICK_LEASE_SECONDS)


def picked_id(store: Store) -> str | None:
    found = picked(store)
    if found:
        pacing.finish_send(store, TOKEN, found.message.id, "unused")
    return found.message.id if found else None


def reserved(store: Store) -> Slot:
    while isinstance(slot := pacing.reserve_send(store, TOKEN, API), TooEarly):
        pass
    return slot


def bytes_on_disk(store: Store) -> int:
    return int(store.client.info("persistence")["aof_current_size"])
