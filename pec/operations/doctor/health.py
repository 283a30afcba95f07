"""Whether this installation works now, for a container's or a monitor's probe."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.settings import Settings
from pec.operations.status.findings import Finding
from pec.operations.status.live_workers import live_workers, live_workers_on
from pec.operations.status.load_overview import load_overview
from pec.operations.status.standstills import held_back, standstills, unserved, without_broker
from pec.store.store import Store


@dataclass(frozen=True, slots=True)
class Health:
    """Live worker processes, what stands still without a known cause, and what is held back for one."""

    workers: int
    standing_still: Sequence[Finding] = ()
    held_back: Sequence[Finding] = ()

    @property
    def is_good(self) -> bool:
        return self.workers > 0 and not self.standing_still


def check_health(store: Store, settings: Settings) -> Health:
    """Return the health of the whole installation."""
    found = load_overview(store, settings)
    still = (*standstills(found), *unserved(found), *without_broker(found))
    return Health(len(live_workers(store)), still, tuple(held_back(found)))


def check_host(store: Store, host: str) -> Health:
    """Return the health of the workers of one machine or container."""
    return Health(len(live_workers_on(store, host)))
