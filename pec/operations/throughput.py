"""How many messages ended in each stretch of time, and how long receipts took: from indexes that exist anyway.

The sorted set of a final state has when each message entered it. So counting costs no write and no message's record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median

from pec.instants import from_epoch
from pec.names import ENDS, State
from pec.operations.listing import read_messages
from pec.store.store import Store, text_list

NEWEST = 200  # delivered messages whose receipts are timed


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time before now, in steps."""

    steps: int
    step: timedelta


@dataclass(frozen=True, slots=True)
class Ends:
    """Counts of messages that ended, by state, in each step; `starts` is when each step began."""

    starts: Sequence[datetime]
    counts: dict[State, Sequence[int]]

    def total(self, state: State) -> int:
        """Return how many ended in this state in the whole period."""
        return sum(self.counts.get(state, ()))


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a receipt took after the send, in seconds: of half the messages at most so long, of 95 % so long."""

    count: int
    median_seconds: float
    most_seconds: float


def ends_in(store: Store, period: Period) -> Ends:
    """Return the ends of a period. Steps begin at whole multiples, so that they stay while time goes on."""
    size = period.step.total_seconds()
    last = (store.now() // size + 1) * size
    edges = [last - size * back for back in range(period.steps, -1, -1)]
    states = sorted(ENDS, key=list(State).index)
    with store.client.pipeline(transaction=False) as pipeline:
        for state in states:
            for begin, end in pairwise(edges):
                pipeline.zcount(store.keys.state(state), begin, f"({end}")
        replies = [int(reply) for reply in pipeline.execute()]
    counts = {state: replies[at * period.steps : (at + 1) * period.steps] for at, state in enumerate(states)}
    return Ends(
        [from_epoch(edge) for edge in edges[:-1]],
        {state: each for state, each in counts.items() if any(each)},
    )


def durations(store: Store) -> tuple[Duration | None, Duration | None]:
    """Return how long ACCETTAZIONE and CONSEGNA took for the messages that were delivered last."""
    newest = text_list(store.client.zrevrange(store.keys.state(State.DELIVERED), 0, NEWEST - 1))
    found = [one for one in read_messages(store, newest) if one.sent_at]
    return (
        _duration(
            (one.accepted_at - one.sent_at).total_seconds()
            for one in found
            if one.accepted_at and one.sent_at
        ),
        _duration(
            (one.delivered_at - one.sent_at).total_seconds()
            for one in found
            if one.delivered_at and one.sent_at
        ),
    )


def _duration(seconds: Iterable[float]) -> Duration | None:
    """Return the figures; a receipt has no fractions of a second, so that it can seem to precede its send."""
    known = sorted(max(0.0, one) for one in seconds)
    if not known:
        return None
    return Duration(len(known), median(known), known[ceil(0.95 * len(known)) - 1])
