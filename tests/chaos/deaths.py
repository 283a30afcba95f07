"""The cost of a worker's death: how soon its work goes on, and how long a token is idle."""

import math
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.chaos.campaign import Entry, plain_campaign
from tests.chaos.conductor import QUIET_SECONDS
from tests.chaos.machine import eventually
from tests.chaos.observation import journal, observe
from tests.chaos.report import MAX_EVIDENCE
from tests.chaos.settling import settled
from tests.chaos.takeover import in_hand, picked
from tests.chaos.world import World, interval_seconds, world

RATE = 2.0  # near the API's own: the intervals are what counts
LEASE_SECONDS = 3.0
BETWEEN_SECONDS = 5.5  # more than a lease and 2 s: a death is over when the next comes
MAX_IDLE_INTERVALS = 5.0
MAX_CLAIMED_SECONDS = (
    9.0  # a claim's: time-out 1, cut off after 2, 2 old at most, grace 2; and 2 as for a lease
)
BACKLOG = 40  # messages that are there from the start: some 10 s of work, while others trickle in
POINTS = (
    "hint-taken",
    "picked",
    "claimed",
    "body-sent",
    "hinted",
    "receipts-read",
    "delivery-taken",
    "taken",
    "job-committed",
)
SETTINGS = {
    "PEC_API__RATE": str(RATE),
    "PEC_API__IN_FLIGHT": "4",
    "PEC_LEASE_SECONDS": str(LEASE_SECONDS),
    "CHAOS_TRACE": "1",
}


@dataclass(frozen=True, slots=True)
class Deaths:
    """The times after the kills until each piece of work went on, and the intervals for which each token was idle."""

    kills: int
    resumed_seconds: tuple[float, ...]
    intake_seconds: tuple[float, ...]  # until the jobs that it had read were taken
    sends_seconds: tuple[float, ...]  # until a message that it had picked was looked for, or picked again
    idle_intervals: tuple[float, ...]
    harms: dict[str, list[str]]  # as after any run

    @property
    def harmed(self) -> bool:
        return any(self.harms.values())

    @property
    def slow(self) -> bool:
        """Whether deaths cost more than they may."""
        return any(percentile(found, 99) > most for _, found, most in self._figures())

    def lines(self) -> Iterator[str]:
        yield f"{self.kills} deaths"
        for name, found, most in self._figures():
            shares = ", ".join(f"p{share} {percentile(found, share):.2f}" for share in (50, 90, 99, 100))
            yield f"{name:<34} {shares}  ({len(found)}; at most {most:g} at p99)"
        yield ", ".join(f"{kind} {len(found)}" for kind, found in self.harms.items() if found) or "no harm"
        yield from (f"  {kind}: {one}" for kind, found in self.harms.items() for one in found[:MAX_EVIDENCE])

    def _figures(self) -> tuple[tuple[str, tuple[float, ...], float], ...]:
        """The measurements, and their limits at the 99th percentile."""
        return (
            ("work in hand goes on after, s", self.resumed_seconds, LEASE_SECONDS + 2),
            ("a job that was read is taken, s", self.intake_seconds, LEASE_SECONDS + 2),
            ("a send in hand goes on after, s", self.sends_seconds, MAX_CLAIMED_SECONDS),
            ("a token idles, intervals", self.idle_intervals, MAX_IDLE_INTERVALS),
        )


class _Keeper:
    """Starts machines again, feeds the jobs, and sees how long those stay that the dead had read."""

    def __init__(self, found: World, entries: Sequence[Entry]) -> None:
        self.found = found
        self.added: dict[str, dict[str, Any]] = {}
        self.intake_seconds: list[float] = []
        self._waiting = deque(entries)
        self._started = time.monotonic()
        self._orphans: dict[str, float] = {}  # entry → when its reader died

    def step(self) -> None:
        for machine in self.found.machines:
            machine.mind()
        while self._waiting and self._waiting[0].at <= time.monotonic() - self._started:
            entry = self._waiting.popleft()
            added: Any = self.found.client.xadd("pec:jobs", {"job": entry.job})
            self.added[added.decode()] = {"job_id": entry.job_id, "refused": False}
        if self._orphans:
            left = self._pending()
            for entry_id in [one for one in self._orphans if one not in left]:
                self.intake_seconds.append(time.monotonic() - self._orphans.pop(entry_id))

    def died(self, at: float, pid: int) -> None:
        for entry_id, consumer in self._pending().items():
            reader: Any = self.found.client.hget(f"pec:worker:{consumer}", "pid")
            if reader and int(reader) == pid:
                self._orphans[entry_id] = at

    def wait(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.step()
            time.sleep(0.02)  # a death shows in the process table, which sends no notice

    def _pending(self) -> dict[str, str]:
        """Entries that were read and not taken, and by whom."""
        found: Any = self.found.client.xpending_range("pec:jobs", "workers", "-", "+", 1000)
        return {one["message_id"].decode(): one["consumer"].decode() for one in found}


def measure(folder: Path, kills: int, seed: int = 0) -> Deaths:
    """Kills one worker process after another while there is always work. Called from the main thread."""
    chance = random.Random(seed)
    seconds = (kills + 1) * (BETWEEN_SECONDS + 2.5)
    messages = round(2 * seconds * RATE)  # half for each token
    campaign = plain_campaign(messages, ("acme", "gamma"), BACKLOG, 2 * RATE)
    with world(folder, {}, {}) as found:
        found.add_machines((0, 0, 0), (1, 1, 1), CHAOS_SEED=str(seed), **SETTINGS)
        found.start_machines()
        keeper = _Keeper(found, campaign.entries)
        keeper.step()
        eventually(lambda: len(found.sent()) > 3, "sends begin")
        moments = [_kill_one(keeper, chance) for _ in range(kills)]
        seen, harms = settled(
            lambda: observe(found, campaign, keeper.added, RATE),
            lambda: keeper.wait(0.1),
            seconds + QUIET_SECONDS,
        )
        notes = journal(folder)
    seen.dump(folder / "observation.json")
    return Deaths(
        kills,
        tuple(_resumed(notes, moments)),
        tuple(keeper.intake_seconds),
        tuple(_sends_resumed(notes, moments)),
        tuple(_idle(notes, moments)),
        harms,
    )


def _kill_one(keeper: _Keeper, chance: random.Random) -> tuple[float, int]:
    """When, and which process: at any moment, or at a named one. Returns when its machine runs again."""
    keeper.wait(chance.uniform(0, 1))
    found = keeper.found
    at, pid = (
        _kill_anywhere(found, chance) if chance.random() < 0.5 else _kill_at(keeper, chance.choice(POINTS))
    )
    keeper.died(at, pid)
    keeper.wait(BETWEEN_SECONDS)
    eventually(lambda: _all_run(keeper), "the machine starts again")
    return at, pid


def _kill_anywhere(found: World, chance: random.Random) -> tuple[float, int]:
    machine = chance.choice(found.machines)
    [pid] = machine.workers()
    at = time.clock_gettime(time.CLOCK_MONOTONIC)
    machine.kill(pid)
    return at, pid


def _kill_at(keeper: _Keeper, point: str) -> tuple[float, int]:
    folder = keeper.found.folder
    before = len(_deaths(folder))

    def reached() -> bool:
        keeper.step()
        return len(_deaths(folder)) > before

    (folder / "armed" / point).touch()
    eventually(reached, f"a process reaches {point}")
    return _deaths(folder)[-1]


def _deaths(folder: Path) -> list[tuple[float, int]]:
    return [(note["at"], note["pid"]) for note in journal(folder) if "killed" in note]


def _all_run(keeper: _Keeper) -> bool:
    keeper.step()
    return all(machine.workers() for machine in keeper.found.machines)


def _resumed(notes: Sequence[dict[str, Any]], moments: Sequence[tuple[float, int]]) -> Iterator[float]:
    """Return the seconds from each death until a live worker took over its work, or the work dispatched last.

    Work that no worker took over counts for the whole time until the next death, unless a commit had done it.
    """
    begun: dict[tuple[str, str], list[float]] = defaultdict(list)
    for note in notes:
        if "begun" in note:
            begun[tuple(note["begun"])].append(note["at"])
    for at, pid in moments:
        for work in in_hand(notes, at, pid) | _handed_out(notes, at, begun):
            if work[0] == "send":
                continue  # a hint for a token: its messages are looked at below, and the token's idle time
            later = [one for one in begun[work] if one > at]
            if later and min(later) < at + BETWEEN_SECONDS:
                yield min(later) - at
            elif not _was_done(notes, at, work):
                yield BETWEEN_SECONDS


def _sends_resumed(notes: Sequence[dict[str, Any]], moments: Sequence[tuple[float, int]]) -> Iterator[float]:
    """Seconds from each death until a message that the dead had picked was looked for, checked, or picked again."""
    goes_on: dict[str, list[float]] = defaultdict(list)
    for note in notes:
        if "picked" in note:
            goes_on[note["picked"]].append(note["at"])
        elif "begun" in note and note["begun"][0] in ("lookup", "check"):
            goes_on[note["begun"][1]].append(note["at"])
    for at, pid in moments:
        for message_id in picked(notes, at, pid):
            yield min((moment for moment in goes_on[message_id] if moment > at), default=math.inf) - at


def _handed_out(
    notes: Sequence[dict[str, Any]], at: float, begun: dict[tuple[str, str], list[float]]
) -> set[tuple[str, str]]:
    """Under a lease when the process died, and no worker had begun it: it may have been in the dead one's memory."""
    found = set()
    for note in notes:
        if "hinted" in note and at - 1 < note["at"] <= at:
            work = (note["hinted"][0], note["hinted"][1])
            if not any(note["at"] <= moment <= at for moment in begun[work]):
                found.add(work)
    return found


def _was_done(notes: Sequence[dict[str, Any]], at: float, work: tuple[str, str]) -> bool:
    """Whether a commit changed its message after it was last begun or handed out, before the death."""
    _, member = work
    last = max(
        note["at"]
        for note in notes
        if note["at"] <= at and (note.get("begun") == list(work) or note.get("hinted") == list(work))
    )
    return any(note.get("committed") == member and last < note["at"] <= at for note in notes)


def _idle(notes: Sequence[dict[str, Any]], moments: Sequence[tuple[float, int]]) -> Iterator[float]:
    """The longest pause of each token after each death, in its intervals: it goes on then, or begins soon after."""
    sends: dict[str, list[float]] = defaultdict(list)
    for note in notes:
        if "first_byte" in note:
            sends[note["token"]].append(note["at"])
    interval = interval_seconds(RATE)
    for at, _ in moments:
        for times in sends.values():
            gaps = [
                later - max(one, at - interval)
                for one, later in pairwise([-math.inf, *sorted(times)])
                if one <= at + BETWEEN_SECONDS and later > at - interval
            ]
            if gaps:  # else it had nothing left to send
                yield max(gaps) / interval


def percentile(found: Sequence[float], share: int) -> float:
    """The value that so many of a hundred do not exceed."""
    ordered = sorted(found)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else math.nan
