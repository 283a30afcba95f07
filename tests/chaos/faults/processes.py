"""Faults of worker processes and of the machines they run on."""

import os
import signal
from contextlib import suppress
from functools import partial

from tests.chaos.agenda import Agenda, NotYet
from tests.chaos.faults import FaultsByName
from tests.chaos.machine import Machine
from tests.chaos.world import World, drawn


class ProcessFaults:
    """Processes that are killed, stopped, or asked to end."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self.kills = 0
        self.by_name: FaultsByName = {
            "kill": self._kill,
            "kill-at": self._kill_at,
            "kill-machine": self._kill_machine,
            "stop": self._stop,
            "term": self._term,
            "term-group": self._term_group,
        }

    def kill_all(self) -> None:
        self.kills += sum(machine.kill_all() for machine in self._world.machines)

    def _kill(self, draw: float) -> None:
        """One of those that run."""
        running = [(machine, pid) for machine in self._world.machines for pid in machine.workers()]
        if not running:
            raise NotYet
        [(machine, pid)] = drawn(running, draw)
        machine.kill(pid)
        self.kills += 1

    def _kill_at(self, point: str) -> bool:
        (self._world.folder / "armed" / point).touch()
        return False

    def _kill_machine(self, draw: float) -> None:
        self.kills += self._running_machine(draw).kill_all()

    def _stop(self, draw: float, seconds: float) -> None:
        running = [pid for machine in self._world.machines for pid in machine.workers()]
        if not running:
            raise NotYet
        [pid] = drawn(running, draw)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        self._agenda.within(seconds, partial(self._world.go_on, pid))

    def _term(self, draw: float) -> None:
        self._running_machine(draw).tell_master(signal.SIGTERM)

    def _term_group(self, draw: float) -> None:
        self._running_machine(draw).tell_group(signal.SIGTERM)

    def _running_machine(self, draw: float) -> Machine:
        machine: Machine
        [machine] = drawn(self._world.machines, draw)
        if not machine.workers():
            raise NotYet
        return machine
