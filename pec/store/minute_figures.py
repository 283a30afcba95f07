"""Figures of each minute of the last day, and of each quarter of an hour of the last days.

Workers bring their counts with their heartbeats (`heartbeat.lua`), so that no send and no receipt costs a command for
them. A process that is killed takes the counts of at most one heartbeat with it.
"""

from collections.abc import Sequence

from pec.minute_figures import Counts
from pec.store.store import Store, text_dict

MINUTE, QUARTER = 60, 900  # seconds
KEPT_SECONDS = {MINUTE: 26 * 3600, QUARTER: 8 * 86_400}


def read(store: Store, step: int, first: int, count: int) -> Sequence[Counts]:
    """Return the counts of so many minutes or quarters. `first` is the epoch second at which the first one begins."""
    with store.client.pipeline(transaction=False) as pipeline:
        for at in range(count):
            pipeline.hgetall(store.keys.figures(step, first // step * step + at * step))
        replies = pipeline.execute()
    return [{name: int(value) for name, value in text_dict(reply).items()} for reply in replies]
