"""A backup of Redis in the middle of a run, and its restore later."""

import shutil
from datetime import UTC, datetime

from tests.chaos.agenda import Agenda
from tests.chaos.faults import FaultsByName
from tests.chaos.faults.processes import ProcessFaults
from tests.chaos.producer import CarefulProducer
from tests.chaos.world import World

RESTORE_SECONDS = 1.5  # that it takes: what was on the wire has its receipts by then
AOF = "appendonlydir"


class Restore:
    """Everything since the backup is forgotten, and workers reconcile."""

    def __init__(
        self, world: World, agenda: Agenda, processes: ProcessFaults, producer: CarefulProducer
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._processes = processes
        self._producer = producer
        self._backed_up_at: datetime | None = None
        self.under_way = False
        self.calls_before: int | None = None
        self.by_name: FaultsByName = {
            "backup": self._backup,
            "restore": self._restore,
        }

    def _backup(self) -> None:
        self._world.server.stop()
        self._backed_up_at = datetime.now(UTC)
        shutil.copytree(self._world.folder / "redis" / AOF, self._world.folder / "backup")
        self._world.server.start()

    def _restore(self) -> None:
        """Restore as in docs/operations.md: workers stopped, the backup in place, then workers that reconcile."""
        assert self._backed_up_at
        self.under_way = True
        self._processes.kill_all()
        self._world.server.stop()
        shutil.rmtree(self._world.folder / "redis" / AOF)
        shutil.copytree(self._world.folder / "backup", self._world.folder / "redis" / AOF)
        self._agenda.within(RESTORE_SECONDS, self._restored)

    def _restored(self) -> None:
        self.calls_before = len(self._world.api.calls)
        self.under_way = False
        self._world.server.start()
        for machine in self._world.machines:
            machine.set(PEC_RECONCILE_SINCE=f"{self._backed_up_at:%Y-%m-%dT%H:%M:%SZ}")
            machine.start()
        self._producer.add_all_again()
