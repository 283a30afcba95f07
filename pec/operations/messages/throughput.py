"""How many messages ended in each stretch of time, from indexes that exist anyway.

The sorted set of a final state has when each message entered it. So counting costs no write and no message's record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from pec.instants import from_epoch
from pec.names import ENDS, State
from pec.store.store import Store


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
