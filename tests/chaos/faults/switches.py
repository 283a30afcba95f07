"""Faults that workers meet in themselves: of the archive's folder, and of the resolver of names."""

from functools import partial

from tests.chaos.agenda import Agenda
from tests.chaos.faults import FaultsByName
from tests.chaos.world import World

SWITCHES = {
    "api-dns": "dns",
    "archive-full": "archive-full",
    "archive-readonly": "archive-readonly",
    "archive-slow": "archive-slow",
    "archive-lies": "archive-lies",
}


class SwitchFaults:
    """A file of a name that workers look for turns each on."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self.by_name: FaultsByName = {fault: partial(self._turn_on, name) for fault, name in SWITCHES.items()}

    def _turn_on(self, name: str, seconds: float) -> None:
        switch = self._world.folder / "faults" / name
        switch.touch()
        self._agenda.within(seconds, lambda: switch.unlink(missing_ok=True))
