"""Mailboxes in the store: the token they send under, whether they are paused, and the room in them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pec.events import Event, of_account
from pec.instants import from_epoch, from_text, to_text
from pec.messages import Reason
from pec.names import EventType
from pec.store.room import Room, room_from
from pec.store.store import ScriptCall, Store, text_dict, wall_clock

BY_OPERATOR = "operator"
MAILBOX_FULL = "mailbox_full"


@dataclass(frozen=True, slots=True)
class AccountState:
    """One mailbox. `reason` is why it is paused, or None if it is not."""

    name: str
    token: str | None
    reason: Reason | None
    waiting: int
    room: Room = field(default_factory=Room)
    unreadable: Reason | None = None  # why the mailbox could not be read, when that last happened
    unreadable_at: datetime | None = None


def register(store: Store, account: str, token: str) -> None:
    """Put the account's messages under this token (a digest) from now on."""
    store.run("register", account, token, "")


def ensure(store: Store, tokens: Mapping[str, str]) -> None:
    """Register accounts that Redis has lost. One that has a token keeps it: another worker may have a newer one."""
    calls = [ScriptCall("register", [store.keys.namespace, *pair, "1"]) for pair in tokens.items()]
    for reply in store.pipeline(calls):
        if isinstance(reply, Exception):
            raise reply


def pause(store: Store, account: str, reason: Reason) -> bool:
    """Hold back the account's messages and publish `account.paused`. Return False if it was paused already."""
    event = _event(account, EventType.ACCOUNT_PAUSED, reason)
    stated = json.dumps(reason.as_dict(), ensure_ascii=False)
    return bool(store.run("pause", account, reason.code, stated, event.id, event.body))


def resume(store: Store, account: str, only: str = "") -> bool:
    """Let the account's messages take their turns again. With `only`, if that is the code it was paused with."""
    event = _event(account, EventType.ACCOUNT_RESUMED, None)
    return bool(store.run("resume", account, only, event.id, event.body))


def publish(store: Store, account: str, kind: EventType, reason: Reason) -> None:
    """Publish an event about the mailbox."""
    event = _event(account, kind, reason)
    store.client.xadd(store.keys.events, {"id": event.id, "type": event.type, "event": event.body})


def set_unreadable(store: Store, account: str, reason: Reason, at: datetime) -> None:
    """Note that a call to read the mailbox failed. Nothing clears the note; a later read has a later time."""
    stated = json.dumps(reason.as_dict(), ensure_ascii=False)
    fields = ["unreadable", stated, "unreadable_at", to_text(at)]
    store.client.hset(store.keys.account(account), items=fields)


def state_of(store: Store, account: str) -> AccountState:
    stored = text_dict(store.client.hgetall(store.keys.account(account)))
    return state_from(account, stored, int(store.client.zcard(store.keys.lane(account))))


def state_from(account: str, stored: Mapping[str, str], waiting: int) -> AccountState:
    """Return the same from an account's hash and the depth of its lane."""
    return AccountState(
        name=account,
        token=stored.get("token"),
        reason=_reason(stored["paused"], stored.get("paused_reason")) if "paused" in stored else None,
        waiting=waiting,
        room=room_from(stored),
        unreadable=_reason("", stored["unreadable"]) if "unreadable" in stored else None,
        unreadable_at=from_text(stored["unreadable_at"]) if "unreadable_at" in stored else None,
    )


def _reason(code: str, stated: str | None) -> Reason:
    found: dict[str, Any] = json.loads(stated or "{}")
    return Reason(code or found.get("code", ""), found.get("description", ""), found.get("details") or {})


def _event(account: str, kind: EventType, reason: Reason | None) -> Event:
    return of_account(account, kind, from_epoch(wall_clock()), reason.as_dict() if reason else None)
