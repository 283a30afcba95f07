"""Carries out a plan: feeds the jobs, does each fault at its second, plays the operator, waits for quiet, and looks."""

import heapq
import itertools
import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import redis
import requests

from config.redis_connection import connect
from pec.content import sha256
from pec.messages import Reason
from pec.store import accounts, batches, dead_letters, imap_state, outbox
from pec.store.store import Store
from tests.chaos import effects
from tests.chaos.campaign import ACCOUNTS, BATCH, Entry, ids_of
from tests.chaos.machine import Machine
from tests.chaos.observation import Observation, observe
from tests.chaos.plan import Fault, Plan
from tests.chaos.power import FragileServer
from tests.chaos.settling import settled
from tests.chaos.world import FILED_IN, MOODY, RATE, STEADY, World, drawn, sender

QUIET_SECONDS = 120.0  # within which all must have settled once the faults are over,
QUIET_SECONDS_EACH = 0.15  # and so much more for each message
OPERATOR_SECONDS = 1.0
AGAIN_SECONDS, MAX_TRIES = 0.5, 40  # of a task without a target
PARTED_SECONDS = 0.8  # that a replica is cut off before it takes over: some 40 slots
RESTORE_SECONDS = 1.5  # that a restore takes: what was on the wire has its receipts by then
IMAP_SLOW_SECONDS = 0.2  # before each answer
AOF = "appendonlydir"
UNDELIVERED = ("mancata-consegna+", "tempo-massimo+", "silenzio+")  # looked at again after their end


class NotYet(Exception):
    """The fault has no target now: try again a moment later."""


class Conductor:
    """One thread; tasks are due in a heap, and each may add others."""

    def __init__(self, plan: Plan, found: World, rate: float = RATE) -> None:
        self._plan = plan
        self._rate = rate
        self._world = found
        self._tasks: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._started = 0.0
        self._jobs: dict[Entry, str] = {}
        self.added: dict[str, dict[str, Any]] = {}
        self.not_before: dict[str, float] = {}  # by the monotonic clock
        self.late: set[str] = set()  # messages whose CONSEGNA came after they had expired
        self.done: Counter[str] = Counter()
        self._imap: dict[str, Any] = {}  # how the door behaves now
        self.kills = 0
        self.replayed = 0
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
        while len(self._tasks) > 1 or any((self._world.folder / "armed").iterdir()):
            self._step()
            if not self._plan_goes_on():
                break
        self._calm_down()
        calm = time.monotonic()
        seen, harms = self._settle()
        self.settled_seconds = time.monotonic() - calm
        self.done += effects.in_the_end(self._world, seen, self.late)
        return seen, harms

    def _plan_goes_on(self) -> bool:
        """Wait only so long for an armed point that no worker reaches."""
        last = max((fault.at for fault in self._plan.faults), default=0.0)
        return len(self._tasks) > 1 or self._now() < last + 3

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _at(self, seconds: float, task: Callable[[], object]) -> None:
        heapq.heappush(self._tasks, (seconds, next(self._order), task))

    def _in(self, seconds: float, task: Callable[[], object]) -> None:
        self._at(self._now() + seconds, task)

    def _step(self) -> None:
        """Run the tasks that are due, then rest for a moment."""
        while self._tasks and self._tasks[0][0] <= self._now():
            heapq.heappop(self._tasks)[2]()
        for machine in [] if self._restoring else self._world.machines:
            machine.mind()
        time.sleep(0.01)  # until the next fault of the plan is due

    # The producer

    def _add(self, entry: Entry) -> None:
        """XADD until it is acknowledged, as a careful producer does: by replicas too, where there are any."""
        client = self._world.client
        try:
            job = self._written(entry)
            for content in entry.uploads:
                client.set(f"pec:upload:{sha256(content)}", content, ex=600)
            added: Any = client.xadd("pec:jobs", {"job": job})
            if self._world.replica and int(client.wait(1, 500)) < 1:
                raise redis.TimeoutError("no replica has it")
        except (redis.RedisError, requests.RequestException):
            self._in(0.2, lambda: self._add(entry))
            return
        self.added[added.decode()] = {"job_id": entry.job_id, "refused": entry.refused}

    def _written(self, entry: Entry) -> str:
        """Its job as it goes out, each time the same."""
        if entry not in self._jobs:
            job = json.loads(entry.job)
            if entry.follows:
                job["code"] = self._world.send_directly(job["account"], json.loads(entry.follows))
            if entry.waits_seconds:
                job["not_before"] = (datetime.now(UTC) + timedelta(seconds=entry.waits_seconds)).isoformat()
                self.not_before[entry.job_id] = time.monotonic() + entry.waits_seconds
            self._jobs[entry] = json.dumps(job, ensure_ascii=False)
        return self._jobs[entry]

    # Faults

    def _do(self, fault: Fault, tries: int = MAX_TRIES) -> None:
        """A task returns False where nothing was done, or where its effect shows in the end only."""
        before = effects.met(self._world, fault)
        try:
            if getattr(self, "_" + fault.name.replace("-", "_"))(**fault.of) is False:
                return
        except NotYet:
            if tries:
                self._in(AGAIN_SECONDS, partial(self._do, fault, tries - 1))
            return
        except (redis.RedisError, requests.RequestException):
            return
        if before is None:
            self.done[fault.name] += 1
        else:
            lasts = fault.of.get("seconds", 0.0) + effects.NOTICED_SECONDS
            self._in(lasts, partial(self._count, fault, before))

    def _count(self, fault: Fault, before: int) -> None:
        self.done[fault.name] += (effects.met(self._world, fault) or 0) > before

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
        self._in(seconds, partial(self._world.go_on, pid))

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

    def _redis_kill(self, seconds: float) -> bool:
        """With a replica, another fault kills the server, and moves on to it."""
        if self._world.replica or self._restoring or not self._world.server.pid:
            return False
        self._world.server.kill()
        self._in(seconds, self._start_server)
        return True

    def _start_server(self) -> None:
        if not self._restoring:
            self._world.server.start()

    def _redis_power(self, seconds: float) -> bool:
        """The machine of the server loses its power: with `appendfsync always` no acknowledgement is lost."""
        server = self._world.server
        if self._world.replica or self._restoring or not isinstance(server, FragileServer) or not server.pid:
            return False
        server.lose_power()
        self._in(seconds, self._start_server)
        return True

    def _redis_cut(self) -> None:
        self._world.network.run(self._world.redis_proxy.cut())

    def _redis_lost_replies(self, count: int, of: str) -> None:
        if of == "commits":
            self._world.redis_proxy.swallow_commits += count
        else:
            self._world.redis_proxy.swallow += count

    def _redis_loading(self, seconds: float) -> None:
        self._world.redis_proxy.loading = True
        self._in(seconds, self._loaded)

    def _loaded(self) -> None:
        self._world.redis_proxy.loading = False

    def _redis_oom(self, seconds: float) -> None:
        """Less than what is in use: whatever may not go beyond is refused."""
        self._world.client.config_set("maxmemory", "1mb")
        self._in(
            seconds, lambda: self._until_it_works(lambda: self._world.client.config_set("maxmemory", "0"))
        )

    def _redis_readonly(self, seconds: float) -> bool:
        """Make the server a replica without a master, which refuses writes."""
        if self._world.replica:
            return False
        self._world.client.replicaof("127.0.0.1", "1")
        self._in(seconds, lambda: self._until_it_works(lambda: self._world.client.replicaof("NO", "ONE")))
        return True

    def _failover(self) -> None:
        """Fail over to a replica that was cut off for a while: work that must wait for it must not have gone on."""
        self._world.part_replica()
        self._in(PARTED_SECONDS, self._world.fail_over)

    def _backup(self) -> None:
        self._world.server.stop()
        self._backed_up_at = datetime.now(UTC)
        shutil.copytree(self._world.folder / "redis" / AOF, self._world.folder / "backup")
        self._start_server()

    def _restore(self) -> None:
        """Restore as in docs/operations.md: workers stopped, the backup in place, then workers that reconcile."""
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

    def _flush_hints(self) -> bool:
        """All that Dramatiq has."""
        with (
            redis.Redis(
                host="127.0.0.1", port=self._world.client.connection_pool.connection_kwargs["port"], db=1
            ) as hints,
            hints.pipeline() as pipeline,
        ):
            keys, _ = pipeline.dbsize().flushdb().execute()
        return int(keys) > 0

    def _pause_batch(self, seconds: float, cut: str) -> None:
        """`pec pause --batch`, then `pec resume --batch`. What a cut one leaves undone, workers must do."""
        store = Store(self._world.client, "pec")
        if not store.client.exists(store.keys.batch(BATCH)):
            raise NotYet
        self._in(seconds, partial(self._until_it_works, partial(self._resume_batch, cut)))
        if cut in ("pause", "both"):
            store.run("pause_batch", BATCH, time.time(), "{}")
        else:
            batches.pause(store, BATCH, Reason(accounts.BY_OPERATOR, "paused by an operator"))

    def _resume_batch(self, cut: str = "") -> None:
        store = Store(self._world.client, "pec")
        if cut in ("resume", "both"):
            store.run("resume_batch", BATCH)
        else:
            batches.resume(store, BATCH)

    def _api_down(self, seconds: float, how: str, after_sends: int = 0) -> None:
        """After so many sends: a machine under load can take longer to start than an outage lasts."""
        if sum(call.method == "POST" for call in self._world.api.calls) < after_sends:
            raise NotYet
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
        self._switch("dns", seconds)

    def _forge(self, number: int) -> bool:
        """Plant a forged mail with the title of our CONSEGNA, reference and code included."""
        mark = f"truffa.{next(self._order)}@pec.example"
        return self._plant("forge", mark, number, mark, lambda pec: f"{pec['subject']} {pec['code']}")

    def _foreign(self, number: int) -> bool:
        """A true CONSEGNA of another's PEC: with a subject like ours, and a code that begins with ours."""
        who = "posta-certificata@pecmassiva.example"
        return self._plant(
            "foreign", "", number, who, lambda pec: f"{pec['subject'].partition(' [rif.')[0]} {pec['code']}7"
        )

    def _plant(
        self, name: str, mark: str, number: int, who: str, title: Callable[[dict[str, Any]], str]
    ) -> bool:
        """It has come about when a worker was shown the mark."""
        sent = [
            one for one in self._world.sent() if all(to.startswith(UNDELIVERED) for to in one["recipients"])
        ]
        if not sent:  # of what is delivered a CONSEGNA more says nothing new
            raise NotYet
        pec = sent[number % len(sent)]
        self._world.api.marks[mark or f"{pec['code']}7"] = name
        mail = (pec["sender"], who, f"CONSEGNA: {title(pec)}", "Consegnato.")
        self._world.network.run(self._world.api.plant(*mail))
        return False

    def _late(self, number: int) -> bool:
        """A CONSEGNA after 30 h, when its message was given up: it comes true all the same. Once one has expired."""
        given_up = [pec for pec in self._world.sent() if self._was_given_up(pec)]
        if not given_up:
            raise NotYet
        pec = given_up[number % len(given_up)]
        self._world.make(f"delivered/{pec['code']}")
        self.late |= set(ids_of(pec["recipients"], self._plan.campaign.tags))
        return False

    def _was_given_up(self, pec: dict[str, Any]) -> bool:
        if not pec["recipients"][0].startswith("silenzio+"):
            return False
        [message_id] = ids_of(pec["recipients"], self._plan.campaign.tags)
        state: Any = self._world.client.hget(f"pec:message:{message_id}", "state")
        return state == b"expired" and message_id not in self.late

    def _consumer(self, how: str, seconds: float) -> bool:
        if MOODY in self._world.receivers.moods:
            return False
        self._world.receivers.moods[MOODY] = how
        self._in(seconds, lambda: self._world.receivers.moods.pop(MOODY, None))
        return True

    # IMAP, mailboxes and the archive

    def _imap_down(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, down=True)

    def _imap_refused(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, refuses_logins=True)

    def _imap_slow(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, delay_seconds=IMAP_SLOW_SECONDS)

    def _imap_cut(self, count: int) -> None:
        self._imap["cuts"] = count
        self._world.make("imap", **self._imap)

    def _imap_goes_wrong(self, seconds: float, **how: Any) -> None:
        self._imap |= how
        self._world.make("imap", **self._imap)
        self._in(seconds, partial(self._imap_goes_right, how))

    def _imap_goes_right(self, how: dict[str, Any]) -> None:
        self._imap = {name: value for name, value in self._imap.items() if name not in (*how, "cuts")}
        self._world.make("imap", **self._imap)

    def _imap_hang_up(self) -> None:
        self._world.make("imap/hang-up")

    def _imap_renumbered(self, number: int) -> None:
        self._world.make("imap/uid-validity", mailbox=self._mailbox(number))

    def _imap_rule(self, number: int, subject: str) -> None:
        """A person files receipts into another folder, which the settings name."""
        rule = {"mailbox": self._mailbox(number), "subject": subject, "folder": FILED_IN}
        self._world.make("imap/rule", **rule)

    def _imap_doubled(self, number: int, subject: str) -> None:
        self._world.make("imap/double", mailbox=self._mailbox(number), subject=subject)

    def _imap_mail(self, number: int, kind: str) -> None:
        """Put a mail into a mailbox that is no receipt."""
        mail = {"sender": "comune@altrove.example", "subject": "CONSEGNA: sollecito", "text": "Salve"}
        self._world.make("receipts", mailbox=self._mailbox(number), kind=kind, **mail)

    @staticmethod
    def _mailbox(number: int) -> str:
        return sender(ACCOUNTS[number % len(ACCOUNTS)])

    def _archive_full(self, seconds: float) -> None:
        self._switch("archive-full", seconds)

    def _archive_readonly(self, seconds: float) -> None:
        self._switch("archive-readonly", seconds)

    def _archive_slow(self, seconds: float) -> None:
        self._switch("archive-slow", seconds)

    def _archive_lies(self, seconds: float) -> None:
        self._switch("archive-lies", seconds)

    def _switch(self, name: str, seconds: float) -> None:
        """Let workers meet a fault for so long."""
        switch = self._world.folder / "faults" / name
        switch.touch()
        self._in(seconds, lambda: switch.unlink(missing_ok=True))

    # The operator

    def _operate(self) -> None:
        """Look from time to time, as an operator does who is paged: resume accounts that an answer paused."""
        with suppress(redis.RedisError, RuntimeError), connect_store(self._world) as store:
            for account in ACCOUNTS:
                accounts.resume(store, account)
                imap_state.forgive(store, account, time.time())
            if MOODY not in self._world.receivers.moods:
                self.replayed += _resume_endpoint(store)
        self._in(OPERATOR_SECONDS, self._operate)

    def _until_it_works(self, task: Callable[[], Any]) -> None:
        try:
            task()
        except redis.RedisError:
            self._in(0.1, lambda: self._until_it_works(task))

    # The end

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
        self._until_it_works(self._resume_batch)  # a restore may have brought a pause back

    def _settle(self) -> tuple[Observation, dict[str, list[str]]]:
        return settled(self._look, self._step, QUIET_SECONDS + QUIET_SECONDS_EACH * self._plan.campaign.size)

    def _look(self) -> Observation:
        return observe(
            self._world,
            self._plan.campaign,
            self.added,
            self._rate,
            self._calls_before_restore,
            self.late,
            self.not_before,
        )


class connect_store:  # noqa: N801 - used as a context manager only
    """A store of the operator's own."""

    def __init__(self, found: World) -> None:
        self._client = connect(found.server.url)

    def __enter__(self) -> Store:
        return Store(self._client, "pec")

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _resume_endpoint(store: Store) -> int:
    """`pec resume --endpoint` and `pec replay --dead`, for the consumers that are back. Returns how many letters."""
    replayed = 0
    for state in outbox.status(store, [STEADY, MOODY]):
        if state.disabled or state.failures:
            outbox.enable(store, state.name)
        if state.dead:
            replayed += dead_letters.replay(store, state.name)
    return replayed
