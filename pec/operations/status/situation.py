"""How far along an installation is, for the next step that a person is advised to take."""

from dataclasses import dataclass

from config.settings import Settings
from pec.names import State
from pec.store import heartbeat, records
from pec.store.store import Store


@dataclass(frozen=True, slots=True)
class Situation:
    """The parts that are there so far. `redis_problem` is None if Redis answers."""

    redis_problem: str | None = None
    workers: int = 0
    accounts: int = 0
    held: int = 0
    messages: int = 0


def load_situation(store: Store, settings: Settings) -> Situation:
    """Return the situation of an installation whose Redis answers."""
    counts = records.counts(store)
    return Situation(
        workers=len(heartbeat.live(store, "worker")),
        accounts=len(settings.accounts),
        held=counts[State.HELD],
        messages=sum(counts.values()),
    )
