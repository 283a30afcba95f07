"""A change: what one commit does to one message.

`pec.transitions` and `pec.receipt_transitions` make it, `pec.store.commits` applies it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

from pec.events import Event, of_message
from pec.history import extended
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Receipt


class Lane(Enum):
    """The change of a message's place among those waiting to be sent."""

    STAY = auto()
    ENTER = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """State, schedule, events and receipts of a message, which change together or not at all.

    `before` is None for a new message. In `due`, None clears the entry of that queue.
    """

    before: Message | None
    after: Message
    due: Mapping[Queue, datetime | None] = field(default_factory=dict)
    lane: Lane = Lane.STAY
    receipts: tuple[Receipt, ...] = ()
    superseded: tuple[str, ...] = ()  # keys of receipts seen without text, now known with it
    reported: tuple[str, ...] = ()  # digests of mails that were reported, which is done once
    events: tuple[Event, ...] = ()

    @property
    def moved(self) -> bool:
        return self.before is None or self.before.state is not self.after.state


def created(message: Message, **parts: Any) -> Change:
    """Return the change that makes a new message."""
    first = replace(
        message,
        version=_next_version(message, message.created_at),
        history=extended("", message.created_at, message.state, message.created_at),
    )
    return Change(None, first, events=(_state_event(first, None),), **parts)


def changed(before: Message, now: datetime, fields: Mapping[str, Any], **parts: Any) -> Change:
    """Return the change of these fields. A new state makes an event, and an end gets its time."""
    after = replace(before, **{**fields, "version": _next_version(before, now), "updated_at": now})
    if after.ended and not before.ended:
        after = replace(after, ended_at=now)
    events: tuple[Event, ...] = parts.pop("events", ())
    if after.state is not before.state:
        after = replace(after, history=extended(before.history, before.created_at, after.state, now))
        events = (_state_event(after, before.state), *events)
    return Change(before, after, events=events, **parts)


def _next_version(message: Message, now: datetime) -> int:
    """Return the milliseconds of Redis's clock if they are greater, so that versions grow across a restore too."""
    return max(message.version + 1, int(now.timestamp() * 1000))


def _state_event(message: Message, previous: State | None) -> Event:
    return of_message(message, f"message.{message.state}", previous)
