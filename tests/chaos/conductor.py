"""Carries out a plan: feeds the jobs, does each fault at its second, plays the operator, waits for quiet, and looks."""

import heapq
import itertools
import os
import shutil
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import redis

from config.connections import connect
from pec.store import accounts, outbox
from pec.store.store import Store
from sandbox.clock import now
from sandbox.stories import Due, Receipt
from sandbox.texts import RECEIPTS_SENDER, Letter, identifier_of, write
from tests.chaos.campaign import ACCOUNTS, Entry, ids_of
from tests.chaos.observation import Observation, journal, observe
from tests.chaos.plan import Fault, Plan
from tests.chaos.power import FragileServer
from tests.chaos.settling import settled
from tests.chaos.world import MOODY, RATE, STEADY, World, world

QUIET_SECONDS = 120.0  # within which all must have settled once the faults are over,
QUIET_SECONDS_EACH = 0.15  # and so much more for each message
OPERATOR_SECONDS = 1.0
PROCESSES = (2, 1, 1)  # of each machine
PARTED_SECONDS = 0.8  # that a replica hears nothing before it takes over: some 40 slots
RESTORE_SECONDS = 1.5  # that a restore takes: what was on the wire has its receipts by then
BROKEN = "the run itself broke"
AOF = "appendonlydir"
UNDELIVERED = ("mancata-consegna+", "tempo-massimo+", "silenzio+")  # looked at again after their end


@dataclass(slots=True)
class Result:
    """One run: its harms by kind, and what was done to whom."""

    seed: int
    messages: int
    seconds: float
    kills: int
    faults: Counter[str]
    harms: dict[str, list[str]]
    states: Counter[str]
    settled_seconds: float  # from the last fault until all was done
    uncertain: int  # messages that were so for a while
    kill_points: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # faults that calls to the API met
    consumers: Counter[str] = field(default_factory=Counter)  # moods that deliveries met
    aims: frozenset[str] = frozenset()  # what the plan had in mind

    @property
    def harmed(self) -> bool:
        return any(self.harms.values())

    @property
    def done(self) -> set[str]:
        """What had an effect, as the report names it."""
        counts = {
            "fault": self.faults,
            "point": self.kill_points,
            "answer": self.answers,
            "consumer": self.consumers,
        }
        return {f"{kind}: {name}" for kind, of in counts.items() for name in of if of[name]}


def run(plan: Plan, folder: Path, rate: float = RATE, **settings: str) -> Result:
    """One run, in a folder that stays. Called from the main thread."""
    started = time.monotonic()
    with world(folder, plan.sandbox, plan.answers, plan.mangled, plan.failover) as found:
        found.add_machines(plan.skews_seconds, PROCESSES, **settings)
        conductor = Conductor(plan, found, rate)
        seen, harms = conductor.play()
    seen.dump(folder / "observation.json")
    notes = [line["killed"] for line in journal(folder) if "killed" in line]
    return Result(
        seed=plan.seed,
        messages=plan.campaign.size,
        seconds=time.monotonic() - started,
        kills=conductor.kills + len(notes),
        faults=conductor.done,
        harms=harms,
        states=Counter(record["state"] for record in seen.records.values()),
        settled_seconds=conductor.settled_seconds,
        uncertain=len({one["data"]["id"] for one in seen.events if one["type"] == "message.uncertain"}),
        kill_points=Counter(notes),
        answers=Counter(call.fault for call in found.api.calls if call.fault),
        consumers=found.receivers.met,
        aims=frozenset(plan.aims),
    )


def broken(plan: Plan, error: Exception) -> Result:
    """A run that came to no end: it shows nothing, which is not good enough."""
    told = "".join(traceback.format_exception(error))
    return Result(plan.seed, 0, 0.0, 0, Counter(), {BROKEN: [told]}, Counter(), 0.0, 0)


class Conductor:
    """One thread; deeds are due in a heap, and each may add others."""

    def __init__(self, plan: Plan, found: World, rate: float = RATE) -> None:
        self._plan = plan
        self._rate = rate
        self._world = found
        self._deeds: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._started = 0.0
        self.added: dict[str, dict[str, Any]] = {}
        self.late: set[str] = set()  # messages whose CONSEGNA came after they had expired
        self.done: Counter[str] = Counter()
        self.kills = 0
        self._backed_up_at: datetime | None = None
        self._restoring = False
        self._calls_before_restore: int | None = None
        self.settled_seconds = 0.0

    def play(self) -> tuple[Observation, dict[str, list[str]]]:
        self._world.start_machines()
        self._started = time.monotonic()
        for entry in self._plan.campaign.entries:
            self._at(entry.at, partial(self._add, entry))
        for fault in self._plan.faults:
            self._at(fault.at, partial(self._do, fault))
        self._at(OPERATOR_SECONDS, self._operate)
        while len(self._deeds) > 1 or any((self._world.folder / "armed").iterdir()):
            self._step()
            if not self._plan_goes_on():
                break
        self._calm_down()
        calm = time.monotonic()
        seen_and_harms = self._settle()
        self.settled_seconds = time.monotonic() - calm
        return seen_and_harms

    def _plan_goes_on(self) -> bool:
        """An armed point that nobody reaches is waited for only so long."""
        last = max((fault.at for fault in self._plan.faults), default=0.0)
        return len(self._deeds) > 1 or self._now() < last + 3

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _at(self, seconds: float, deed: Callable[[], object]) -> None:
        heapq.heappush(self._deeds, (seconds, next(self._order), deed))

    def _in(self, seconds: float, deed: Callable[[], object]) -> None:
        self._at(self._now() + seconds, deed)

    def _step(self) -> None:
        """What is due now, then a moment's rest."""
        while self._deeds and self._deeds[0][0] <= self._now():
            heapq.heappop(self._deeds)[2]()
        for machine in [] if self._restoring else self._world.machines:
            machine.mind()
        time.sleep(0.01)  # until the next fault of the plan is due

    # The producer

    def _add(self, entry: Entry) -> None:
        """XADD until it is acknowledged, as a careful producer does: by replicas too, where there are any."""
        client = self._world.client
        try:
            added: Any = client.xadd("pec:jobs", {"job": entry.job})
            if self._world.replica and int(client.wait(1, 500)) < 1:
                raise redis.TimeoutError("no replica has it")
        except redis.RedisError:
            self._in(0.2, lambda: self._add(entry))
            return
        self.added[added.decode()] = {"job_id": entry.job_id, "refused": entry.refused}

    # Faults

    def _do(self, fault: Fault) -> None:
        deed = getattr(self, "_" + fault.name.replace("-", "_"))
        with suppress(redis.RedisError):
            if deed(**fault.of) is not False:
                self.done[fault.name] += 1

    def _kill(self, draw: float) -> None:
        """One of those that run; a moment later, where none does."""
        running = [(machine, pid) for machine in self._world.machines for pid in machine.workers()]
        for machine, pid in _drawn(running, draw):
            machine.kill(pid)
            self.kills += 1
            return
        self._in(0.2, partial(self._kill, draw))

    def _kill_at(self, point: str) -> None:
        (self._world.folder / "armed" / point).touch()

    def _kill_machine(self, draw: float) -> None:
        for machine in _drawn(self._world.machines, draw):
            self.kills += machine.kill_all()

    def _stop(self, draw: float, seconds: float) -> bool:
        running = [pid for machine in self._world.machines for pid in machine.workers()]
        for pid in _drawn(running, draw):
            _signal(pid, signal.SIGSTOP)
            self._in(seconds, partial(_signal, pid, signal.SIGCONT))
            return True
        return False

    def _term(self, draw: float) -> None:
        for machine in _drawn(self._world.machines, draw):
            machine.tell_master(signal.SIGTERM)

    def _term_group(self, draw: float) -> None:
        for machine in _drawn(self._world.machines, draw):
            machine.tell_group(signal.SIGTERM)

    def _redis_kill(self, seconds: float) -> bool:
        """With a replica, another fault kills the server, and moves on to it."""
        if self._world.replica or self._restoring:
            return False
        self._world.server.kill()
        self._in(seconds, self._start_server)
        return True

    def _start_server(self) -> None:
        if not self._restoring:
            self._world.server.start()

    def _redis_power(self, seconds: float) -> bool:
        """The machine of the server loses its power: with `appendfsync always` no acknowledgement is lost."""
        if self._world.replica or self._restoring or not isinstance(self._world.server, FragileServer):
            return False
        if self._world.server.pid:  # else another fault had it away already
            self._world.server.lose_power()
        self._in(seconds, self._start_server)
        return True

    def _redis_cut(self) -> None:
        self._world.network.run(self._world.redis_proxy.cut())

    def _redis_lost_replies(self, count: int, of: str) -> bool:
        """Those that were lost are counted at the end."""
        if of == "commits":
            self._world.redis_proxy.swallow_commits += count
        else:
            self._world.redis_proxy.swallow += count
        return False

    def _redis_loading(self, seconds: float) -> bool:
        """It is done when somebody heard of it."""
        self._world.redis_proxy.loading = True
        self._in(seconds, partial(self._loaded, self._world.redis_proxy.refused))
        return False

    def _loaded(self, refused: int) -> None:
        self._world.redis_proxy.loading = False
        self.done["redis-loading"] += self._world.redis_proxy.refused > refused

    def _redis_oom(self, seconds: float) -> None:
        """Less than what is in use: whatever may not go beyond is refused."""
        self._world.client.config_set("maxmemory", "1mb")
        self._in(
            seconds, lambda: self._until_it_works(lambda: self._world.client.config_set("maxmemory", "0"))
        )

    def _redis_readonly(self, seconds: float) -> bool:
        """A replica of nobody refuses what writes."""
        if self._world.replica:
            return False
        self._world.client.replicaof("127.0.0.1", "1")
        self._in(seconds, lambda: self._until_it_works(lambda: self._world.client.replicaof("NO", "ONE")))
        return True

    def _failover(self) -> None:
        """To a replica that has heard nothing for a while: what was not to go on without it must not have gone on."""
        self._world.part_replica()
        self._in(PARTED_SECONDS, self._world.fail_over)

    def _backup(self) -> None:
        self._world.server.stop()
        self._backed_up_at = datetime.now(UTC)
        shutil.copytree(self._world.folder / "redis" / AOF, self._world.folder / "backup")
        self._start_server()

    def _restore(self) -> None:
        """As docs/operations.md has it: workers stopped, the backup in place, then workers that reconcile."""
        assert self._backed_up_at
        self._restoring = True
        self.kills += sum(machine.kill_all() for machine in self._world.machines)
        self._world.server.stop()
        shutil.rmtree(self._world.folder / "redis" / AOF)
        shutil.copytree(self._world.folder / "backup", self._world.folder / "redis" / AOF)
        self._in(RESTORE_SECONDS, self._restored)

    def _restored(self) -> None:
        """Producers enqueue again all that they have: what the backup knows is ignored."""
        self._calls_before_restore = len(self._world.api.calls)
        self._restoring = False
        self._start_server()
        for machine in self._world.machines:
            machine.set(PEC_RECONCILE_SINCE=f"{self._backed_up_at:%Y-%m-%dT%H:%M:%SZ}")
            machine.start()
        self.added.clear()
        for entry in self._plan.campaign.entries:
            self._add(entry)

    def _flush_hints(self) -> None:
        """All that Dramatiq has."""
        with redis.Redis(
            host="127.0.0.1", port=self._world.client.connection_pool.connection_kwargs["port"], db=1
        ) as hints:
            hints.flushdb()

    def _api_down(self, seconds: float, how: str) -> None:
        self._world.api.down = how
        self._in(seconds, self._api_up)

    def _api_up(self) -> None:
        self._world.api.down = None

    def _api_refused(self, seconds: float) -> None:
        self._world.network.run(self._world.api.refuse())
        self._in(seconds, self._api_listens)

    def _api_listens(self) -> None:
        self._world.network.run(self._world.api.start())

    def _api_dns(self, seconds: float) -> None:
        switch = self._world.folder / "faults" / "dns"
        switch.touch()
        self._in(seconds, lambda: switch.unlink(missing_ok=True))

    def _forge(self, number: int) -> bool:
        """A mail from a stranger that is titled as our CONSEGNA, reference and code included."""
        return self._plant(number, "truffa@pec.example", lambda pec: f"{pec['subject']} {pec['code']}")

    def _foreign(self, number: int) -> bool:
        """A true CONSEGNA of another's PEC: with a subject like ours, and a code that begins with ours."""
        who = "posta-certificata@pecmassiva.example"
        return self._plant(number, who, lambda pec: f"{pec['subject'].partition(' [rif.')[0]} {pec['code']}7")

    def _plant(self, number: int, who: str, title: Callable[[dict[str, Any]], str]) -> bool:
        sent = [
            one for one in self._world.sent() if all(to.startswith(UNDELIVERED) for to in one["recipients"])
        ]
        if not sent:  # of what is delivered a CONSEGNA more says nothing new
            return False
        pec = sent[number % len(sent)]
        mail = (pec["sender"], who, f"CONSEGNA: {title(pec)}", "Consegnato.")
        self._world.network.run(self._world.api.plant(*mail))
        return True

    def _late(self, number: int, tries: int = 40) -> bool:
        """A CONSEGNA after 30 h, when its message was given up: it comes true all the same. Once one has expired."""
        given_up = [pec for pec in self._world.sent() if self._was_given_up(pec)]
        if not given_up:
            if tries:
                self._in(0.5, partial(self._late_again, number, tries - 1))
            return False
        pec = given_up[number % len(given_up)]
        [recipient] = pec["recipients"]
        letter = Letter(
            pec["sender"], [recipient], f"{pec['subject']} {pec['code']}", identifier_of(pec["code"])
        )
        subject, text = write(Due(Receipt.DELIVERY, recipient, now()), letter)
        self._world.network.run(self._world.api.plant(pec["sender"], RECEIPTS_SENDER, subject, text))
        self.late |= set(ids_of([recipient], self._plan.campaign.tags))
        return True

    def _late_again(self, number: int, tries: int) -> None:
        with suppress(redis.RedisError):
            if self._late(number, tries):
                self.done["late"] += 1

    def _was_given_up(self, pec: dict[str, Any]) -> bool:
        if not pec["recipients"][0].startswith("silenzio+"):
            return False
        [message_id] = ids_of(pec["recipients"], self._plan.campaign.tags)
        state: Any = self._world.client.hget(f"pec:message:{message_id}", "state")
        return state == b"expired" and message_id not in self.late

    def _consumer(self, how: str, seconds: float) -> None:
        self._world.receivers.moods[MOODY] = how
        self._in(seconds, lambda: self._world.receivers.moods.pop(MOODY, None))

    # The operator

    def _operate(self) -> None:
        """Looks now and then, as somebody does who is paged: resumes what an answer paused."""
        with suppress(redis.RedisError, RuntimeError), connect_store(self._world) as store:
            for account in ACCOUNTS:
                accounts.resume(store, account)
            if MOODY not in self._world.receivers.moods:
                _resume_endpoint(store)
        self._in(OPERATOR_SECONDS, self._operate)

    def _until_it_works(self, deed: Callable[[], Any]) -> None:
        try:
            deed()
        except redis.RedisError:
            self._in(0.1, lambda: self._until_it_works(deed))

    # The end

    def _calm_down(self) -> None:
        """No fault is left; every machine runs."""
        for armed in (self._world.folder / "armed").iterdir():
            armed.unlink(missing_ok=True)
        self._world.redis_proxy.swallow = self._world.redis_proxy.swallow_commits = 0
        self.done["redis-lost-replies"] += self._world.redis_proxy.swallowed
        self._world.api.down = None
        self._world.receivers.moods.clear()

    def _settle(self) -> tuple[Observation, dict[str, list[str]]]:
        return settled(self._look, self._step, QUIET_SECONDS + QUIET_SECONDS_EACH * self._plan.campaign.size)

    def _look(self) -> Observation:
        return observe(
            self._world, self._plan.campaign, self.added, self._rate, self._calls_before_restore, self.late
        )


class connect_store:  # noqa: N801 - used as a context manager only
    """A store of the operator's own."""

    def __init__(self, found: World) -> None:
        self._client = connect(found.server.url)

    def __enter__(self) -> Store:
        return Store(self._client, "pec")

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _resume_endpoint(store: Store) -> None:
    """`pec resume --endpoint` and `pec replay --dead`, for the consumers that are back."""
    for state in outbox.status(store, [STEADY, MOODY]):
        if state.disabled or state.failures:
            outbox.enable(store, state.name)
        if state.dead:
            outbox.replay_dead(store, state.name)


def _drawn(found: list[Any], draw: float) -> Iterator[Any]:
    """The one that a draw in [0, 1) points to, if there is any."""
    if found:
        yield found[min(int(draw * len(found)), len(found) - 1)]  # a draw is rounded, to 1 at worst


def _signal(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)
