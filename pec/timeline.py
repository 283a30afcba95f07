"""The states and receipts of a message with their times, oldest first.

A state has the time at which a worker learned of it. A receipt has its own date, which is the one that counts by
law and has no fractions of a second.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pec.changes import Past, past_states
from pec.messages import Message
from pec.names import State
from pec.receipts import Kind, Receipt

_BEFORE_RECEIPTS = (State.QUEUED, State.SENDING, State.UNCERTAIN, State.HELD, State.SENT)


@dataclass(frozen=True, slots=True)
class Happened:
    """A state that began, or a receipt. `left_out` counts the states before it that the record no longer holds."""

    at: datetime | None
    what: State | Receipt
    left_out: int = 0


def timeline(message: Message, receipts: Iterable[Receipt]) -> list[Happened]:
    """Return the states and receipts of a message by their times; receipts without a date come last."""
    happened = [*_states(message), *(Happened(receipt.date, receipt) for receipt in receipts)]
    return sorted(happened, key=_order)


def _order(one: Happened) -> tuple[float, int, float]:
    """Return the key to sort by: within a second, a receipt follows the send and precedes the state that it causes.

    An ACCETTAZIONE precedes what follows from it.
    """
    if one.at is None:
        return math.inf, 0, 0.0
    at = one.at.timestamp()
    if isinstance(one.what, State):
        return at // 1, 0 if one.what in _BEFORE_RECEIPTS else 3, at
    return at // 1, 1 if one.what.kind is Kind.ACCETTAZIONE else 2, at


def _states(message: Message) -> Iterator[Happened]:
    """Return the history, completed by the record's times if an older version wrote some of the changes."""
    known = past_states(message.history, message.created_at)
    since = known[0].at if known else None
    older = [one for one in _from_times(message) if since is None or one.at < since]
    if (known or older)[-1].state is not message.state:
        known.append(Past(message.state, message.ended_at or message.updated_at))
    for one in [*older, *known]:
        yield Happened(one.at, one.state, one.left_out)


def _from_times(message: Message) -> list[Past]:
    """Return the states whose beginning the record's times give."""
    claimed = [Past(State.SENDING, message.claimed_at)] if message.claimed_at else []
    sent = [Past(State.SENT, message.sent_at)] if message.code and message.sent_at else []
    first = [] if sent and not claimed else [Past(State.QUEUED, message.created_at)]
    ended = [Past(message.state, message.ended_at)] if message.ended_at else []
    return [*first, *claimed, *sent, *ended]
