"""A message's past states, in one short field of its record: `Q0S1502T180A4021` (docs/contract.md).

Each state is a letter and the milliseconds since the state before it, the first since `created_at`. The text
stays within 64 bytes, up to which Redis keeps a hash compact. What does not fit is left out after the first
three states, and counted: `Q0S1502Q180+12S300000T190`.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pec.names import State

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
    passed = sum(int(number) for letter, number in entries if letter != "+")
    since = (_floor(now) - _floor(created_at)) // _MILLISECOND - passed
    entries.append((LETTERS[state], str(max(0, since))))
    while len(text := "".join(map("".join, entries))) > MAX_BYTES:
        entries = _shortened(entries)
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
