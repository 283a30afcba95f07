"""Carries out a plan: feeds the jobs, does each fault at its second, waits for quiet, and looks."""

import time
from collections import Counter
from functools import partial

import redis
import requests

from tests.chaos import effects
from tests.chaos.agenda import Agenda, NotYet
from tests.chaos.faults.api import ApiFaults
from tests.chaos.faults.imap import ImapFaults
from tests.chaos.faults.mails import MailFaults
from tests.chaos.faults.processes import ProcessFaults
from tests.chaos.faults.redis_server import RedisFaults
from tests.chaos.faults.restore import Restore
from tests.chaos.faults.switches import SwitchFaults
from tests.chaos.observation import Observation, observe
from tests.chaos.paged_operator import OPERATOR_SECONDS, Operator
from tests.chaos.plan import Fault, Plan
from tests.chaos.producer import CarefulProducer
from tests.chaos.settling import settled
from tests.chaos.world import RATE, World

QUIET_SECONDS = 120.0  # within which all must have settled once the faults are over,
QUIET_SECONDS_EACH = 0.15  # and so much more for each message
AGAIN_SECONDS, MAX_TRIES = 0.5, 40  # of a fault without a target


class Conductor:
    """One run of a plan, in one thread."""

    def __init__(self, plan: Plan, found: World, rate: float = RATE) -> None:
        self._plan = plan
        self._rate = rate
        self._world = found
        self._agenda = Agenda()
        self._producer = CarefulProducer(found, self._agenda, plan.campaign.entries)
        self._operator = Operator(found, self._agenda)
        self._processes = ProcessFaults(found, self._agenda)
        self._restore = Restore(found, self._agenda, self._processes, self._producer)
        self._mails = MailFaults(found, plan.campaign)
        self._faults = {
            **self._processes.by_name,
            **RedisFaults(found, self._agenda, self._restore).by_name,
            **self._restore.by_name,
            **ApiFaults(found, self._agenda).by_name,
            **self._mails.by_name,
            **ImapFaults(found, self._agenda).by_name,
            **SwitchFaults(found, self._agenda).by_name,
            **self._operator.by_name,
        }
        self.done: Counter[str] = Counter()
        self.settled_seconds = 0.0

    @property
    def kills(self) -> int:
        return self._processes.kills

    @property
    def replayed(self) -> int:
        return self._operator.replayed

    def play(self) -> tuple[Observation, dict[str, list[str]]]:
        self._world.start_machines()
        self._agenda.start()
        self._producer.begin()
        for fault in self._plan.faults:
            self._agenda.at(fault.at, partial(self._do, fault))
        self._agenda.at(OPERATOR_SECONDS, self._operator.look)
        while len(self._agenda) > 1 or any((self._world.folder / "armed").iterdir()):
            self._step()
            if not self._plan_goes_on():
                break
        self._calm_down()
        calm = time.monotonic()
        seen, harms = self._settle()
        self.settled_seconds = time.monotonic() - calm
        self.done += effects.in_the_end(self._world, seen, self._mails.late)
        return seen, harms

    def _plan_goes_on(self) -> bool:
        """Wait only so long for an armed point that no worker reaches."""
        last = max((fault.at for fault in self._plan.faults), default=0.0)
        return len(self._agenda) > 1 or self._agenda.now() < last + 3

    def _step(self) -> None:
        """Run the tasks that are due, then rest for a moment."""
        self._agenda.run_due()
        for machine in [] if self._restore.under_way else self._world.machines:
            machine.mind()
        time.sleep(0.01)  # until the next fault of the plan is due

    def _do(self, fault: Fault, tries: int = MAX_TRIES) -> None:
        before = effects.met(self._world, fault)
        try:
            if self._faults[fault.name](**fault.of) is False:
                return
        except NotYet:
            if tries:
                self._agenda.within(AGAIN_SECONDS, partial(self._do, fault, tries - 1))
            return
        except (redis.RedisError, requests.RequestException):
            return
        if before is None:
            self.done[fault.name] += 1
        else:
            lasts = fault.of.get("seconds", 0.0) + effects.NOTICED_SECONDS
            self._agenda.within(lasts, partial(self._count, fault, before))

    def _count(self, fault: Fault, before: int) -> None:
        self.done[fault.name] += (effects.met(self._world, fault) or 0) > before

    def _calm_down(self) -> None:
        """No fault is left; every machine runs."""
        for armed in (self._world.folder / "armed").iterdir():
            armed.unlink(missing_ok=True)
        for switch in (self._world.folder / "faults").iterdir():
            switch.unlink(missing_ok=True)
        self._world.make("imap")
        self._world.redis_proxy.swallow = self._world.redis_proxy.swallow_commits = 0
        self._world.api.down = None
        self._world.receivers.moods.clear()
        self._agenda.until_it_works(self._operator.resume_batch)  # a restore may have brought a pause back

    def _settle(self) -> tuple[Observation, dict[str, list[str]]]:
        return settled(self._look, self._step, QUIET_SECONDS + QUIET_SECONDS_EACH * self._plan.campaign.size)

    def _look(self) -> Observation:
        return observe(
            self._world,
            self._plan.campaign,
            self._producer.added,
            self._rate,
            self._restore.calls_before,
            self._mails.late,
            self._producer.not_before,
        )
