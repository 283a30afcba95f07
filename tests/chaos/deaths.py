"""What a worker's death costs: how soon its work goes on, and how long a token stands idle."""

import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.chaos.campaign import plain_campaign
from tests.chaos.conductor import QUIET_SECONDS
from tests.chaos.observation import journal, observe
from tests.chaos.report import MOST_EVIDENCE
from tests.chaos.settling import settled
from tests.chaos.world import World, eventually, interval_seconds, world

RATE = 2.0  # near the API's own: the intervals are what counts
LEASE_SECONDS = 3.0
BETWEEN_SECONDS = 5.5  # more than a lease and 2 s: a death is over when the next comes
MOST_IDLE_INTERVALS = 5.0
POINTS = ("hint-taken", "picked", "claimed", "body-sent", "hinted", "receipts-read", "delivery-taken")
SETTINGS = {
    "PEC_API__RATE": str(RATE),
    "PEC_API__IN_FLIGHT": "4",
    "PEC_LEASE": str(LEASE_SECONDS),
    "CHAOS_TRACE": "1",
}


@dataclass(frozen=True, slots=True)
class Deaths:
    """Of so many kills: after how long each piece of work in hand went on, and how many intervals each token idled."""

    kills: int
    resumed_seconds: tuple[float, ...]
    idle_intervals: tuple[float, ...]
    harms: dict[str, list[str]]  # as after any run

    @property
    def harmed(self) -> bool:
        return any(self.harms.values())

    @property
    def slow(self) -> bool:
        """Whether deaths cost more than they may."""
        return (
            percentile(self.resumed_seconds, 99) > LEASE_SECONDS + 2
            or percentile(self.idle_intervals, 99) > MOST_IDLE_INTERVALS
        )

    def lines(self) -> Iterator[str]:
        yield f"{self.kills} deaths, {len(self.resumed_seconds)} pieces of work in hand or handed out"
        for name, found, limit in (
            ("work goes on after, s", self.resumed_seconds, LEASE_SECONDS + 2),
            ("a token idles, intervals", self.idle_intervals, MOST_IDLE_INTERVALS),
        ):
            shares = ", ".join(f"p{share} {percentile(found, share):.2f}" for share in (50, 90, 99, 100))
            yield f"{name:<26} {shares}  (at most {limit:g} at p99)"
        yield ", ".join(f"{kind} {len(found)}" for kind, found in self.harms.items() if found) or "no harm"
        yield from (f"  {kind}: {one}" for kind, found in self.harms.items() for one in found[:MOST_EVIDENCE])


def measure(folder: Path, kills: int, seed: int = 0) -> Deaths:
    """Kills one worker process after another while there is always work. Called from the main thread."""
    chance = random.Random(seed)
    seconds = (kills + 1) * (BETWEEN_SECONDS + 1.5)
    campaign = plain_campaign(round(2 * seconds * RATE), ("acme", "gamma"))  # half for each token
    with world(folder, {}, {}) as found:
        found.add_machines((0, 0, 0), (1, 1, 1), CHAOS_SEED=str(seed), **SETTINGS)
        found.start_machines()
        with found.client.pipeline(transaction=False) as pipeline:
            for entry in campaign.entries:
                pipeline.xadd("pec:jobs", {"job": entry.job})
            added = {
                acknowledged.decode(): {"job_id": entry.job_id, "refused": False}
                for acknowledged, entry in zip(pipeline.execute(), campaign.entries, strict=True)
            }
        eventually(lambda: len(found.sent()) > 3, "sends begin")
        moments = [_kill_one(found, chance) for _ in range(kills)]
        notes = journal(folder)
        seen, harms = settled(
            lambda: observe(found, campaign, added, RATE), lambda: _wait(found, 0.1), seconds + QUIET_SECONDS
        )
    seen.dump(folder / "observation.json")
    return Deaths(kills, tuple(_resumed(notes, moments)), tuple(_idle(notes, moments)), harms)


def _kill_one(found: World, chance: random.Random) -> tuple[float, int]:
    """When, and which process: at any moment, or at a named one. Returns when its machine runs again."""
    _wait(found, chance.uniform(0, 1))
    at, pid = (
        _kill_anywhere(found, chance) if chance.random() < 0.5 else _kill_at(found, chance.choice(POINTS))
    )
    _wait(found, BETWEEN_SECONDS)
    eventually(lambda: _all_run(found), "the machine starts again")
    return at, pid


def _kill_anywhere(found: World, chance: random.Random) -> tuple[float, int]:
    machine = chance.choice(found.machines)
    [pid] = machine.workers()
    at = time.clock_gettime(time.CLOCK_MONOTONIC)
    machine.kill(pid)
    return at, pid


def _kill_at(found: World, point: str) -> tuple[float, int]:
    before = len(_deaths(found.folder))
    (found.folder / "armed" / point).touch()
    eventually(lambda: len(_deaths(found.folder)) > before, f"a process reaches {point}")
    return _deaths(found.folder)[-1]


def _deaths(folder: Path) -> list[tuple[float, int]]:
    return [(note["at"], note["pid"]) for note in journal(folder) if "killed" in note]


def _all_run(found: World) -> bool:
    for machine in found.machines:
        machine.mind()
    return all(machine.workers() for machine in found.machines)


def _wait(found: World, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for machine in found.machines:
            machine.mind()
        time.sleep(0.02)  # a death is seen in a process table, which tells nobody


def _resumed(notes: Sequence[dict[str, Any]], moments: Sequence[tuple[float, int]]) -> Iterator[float]:
    """Seconds from each death until somebody began again what the dead had begun, or what was handed out last.

    What nobody began again counts for the whole time until the next death, unless a commit had done it.
    """
    begun: dict[tuple[str, str], list[float]] = defaultdict(list)
    for note in notes:
        if "begun" in note:
            begun[tuple(note["begun"])].append(note["at"])
    for at, pid in moments:
        for work in _in_hand(notes, at, pid) | _handed_out(notes, at, begun):
            if work[0] == "send":
                continue  # its lane, its claim's look-up and its hint bring it back: the idle time tells how soon
            later = [one for one in begun[work] if one > at]
            if later and min(later) < at + BETWEEN_SECONDS:
                yield min(later) - at
            elif not _was_done(notes, at, work):
                yield BETWEEN_SECONDS


def _in_hand(notes: Sequence[dict[str, Any]], at: float, pid: int) -> set[tuple[str, str]]:
    """Begun and not ended by the process when it died."""
    open_work: set[tuple[str, str]] = set()
    for note in notes:
        if note["pid"] != pid or note["at"] > at:
            continue
        if "begun" in note:
            open_work.add((note["begun"][0], note["begun"][1]))
        elif "ended" in note:
            open_work.discard((note["ended"][0], note["ended"][1]))
    return open_work


def _handed_out(
    notes: Sequence[dict[str, Any]], at: float, begun: dict[tuple[str, str], list[float]]
) -> set[tuple[str, str]]:
    """Under a lease when the process died, and nobody had begun it: it may have lain in the dead one's memory."""
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
    """The longest pause of each token after each death, in its intervals."""
    sends: dict[str, list[float]] = defaultdict(list)
    for note in notes:
        if "first_byte" in note:
            sends[note["token"]].append(note["at"])
    interval = interval_seconds(RATE)
    for at, _ in moments:
        for times in sends.values():
            gaps = [
                later - one
                for one, later in pairwise(sorted(times))
                if at - interval < later <= at + BETWEEN_SECONDS
            ]
            yield max(gaps, default=BETWEEN_SECONDS) / interval


def percentile(found: Sequence[float], share: int) -> float:
    """The value that so many of a hundred do not exceed."""
    ordered = sorted(found)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else math.nan
