"""A change: what one commit does to one message, with the history of its states.

`pec.transitions` and `pec.receipt_transitions` make it, `pec.store.commits` applies it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from pec.events import Event, of_message
from pec.messages import Message, evolve
from pec.names import ENDS, Queue, State
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
    history = extended("", message.created_at, message.state, message.created_at)
    first = evolve(message, {"version": _next_version(message, message.created_at), "history": history})
    return Change(None, first, events=(_state_event(first, None),), **parts)


def changed(before: Message, now: datetime, fields: Mapping[str, Any], **parts: Any) -> Change:
    """Return the change of these fields. A new state makes an event, and an end gets its time."""
    state: State = fields.get("state", before.state)
    more: dict[str, Any] = {"version": _next_version(before, now), "updated_at": now}
    if state in ENDS and not before.ended:
        more["ended_at"] = now
    if state is not before.state:
        more["history"] = extended(before.history, before.created_at, state, now)
    after = evolve(before, {**fields, **more})
    events: tuple[Event, ...] = parts.pop("events", ())
    if state is not before.state:
        events = (_state_event(after, before.state), *events)
    return Change(before, after, events=events, **parts)


def _next_version(message: Message, now: datetime) -> int:
    """Return the milliseconds of Redis's clock if they are greater, so that versions grow across a restore too."""
    return max(message.version + 1, int(now.timestamp() * 1000))


def _state_event(message: Message, previous: State | None) -> Event:
    return of_message(message, f"message.{message.state}", previous)


# History: past states in one short field of the record, as `Q0S1502T180A4021` (docs/contract.md). Each is a letter and
# the milliseconds since the state before it, the first since `created_at`. The text stays within 64 bytes, up to which
# Redis keeps a hash compact. States that do not fit are left out after the first three, and counted:
# `Q0S1502Q180+12S300000T190`.

LETTERS = {
    State.QUEUED: "Q",
    State.SENDING: "S",
    State.UNCERTAIN: "U",
    State.HELD: "H",
    State.SENT: "T",  # transmitted
    State.ACCEPTED: "A",
    State.DELAYED: "L",  # late
    State.DELIVERED: "D",
    State.UNDELIVERED: "N",
    State.REFUSED: "R",
    State.UNCERTIFIED: "O",  # ordinary mail
    State.EXPIRED: "E",
    State.FAILED: "F",
    State.CANCELLED: "C",
}
_STATES = {letter: state for state, letter in LETTERS.items()}
MAX_BYTES = 64
FIRST_KEPT = 3
_ENTRY = re.compile(r"([A-Z+])(\d+)", re.ASCII)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Past:
    """A state and when it began. `left_out` counts the states between the one before and this one."""

    state: State
    at: datetime
    left_out: int = 0


def extended(history: str, created_at: datetime, state: State, now: datetime) -> str:
    """Return the history with one more state, entered now."""
    entries = _ENTRY.findall(history)
    passed = sum([int(number) for letter, number in entries if letter != "+"])
    since = max(0, (_floor(now) - _floor(created_at)) // _MILLISECOND - passed)
    text = f"{history}{LETTERS[state]}{since}"
    entries.append((LETTERS[state], str(since)))
    while len(text) > MAX_BYTES:
        entries = _shortened(entries)
        text = "".join(map("".join, entries))
    return text


def past_states(history: str, created_at: datetime) -> list[Past]:
    """Return the states that a history holds, oldest first. A state of a newer version counts as left out."""
    found, at, left_out = [], _floor(created_at), 0
    for letter, number in _ENTRY.findall(history):
        if letter == "+":
            left_out += int(number)
            continue
        at += int(number) * _MILLISECOND
        if state := _STATES.get(letter):
            found.append(Past(state, at, left_out))
            left_out = 0
        else:
            left_out += 1
    return found


def _shortened(entries: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the oldest state after the first ones; the next one takes over its milliseconds."""
    first, rest = entries[:FIRST_KEPT], entries[FIRST_KEPT:]
    count = int(rest.pop(0)[1]) if rest[0][0] == "+" else 0
    (_, spent), (letter, number), *rest = rest
    return [*first, ("+", str(count + 1)), (letter, str(int(spent) + int(number))), *rest]


def _floor(instant: datetime) -> datetime:
    """Return the instant as the record's other times have it: whole milliseconds."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
