"""One run of a plan, from the start of its world to what it shows."""

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.conductor import Conductor
from tests.chaos.observation import journal
from tests.chaos.plan import Plan
from tests.chaos.world import RATE, world

PROCESSES = (2, 1, 1)  # of each machine
BROKEN = "the run itself broke"


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
    replayed: int = 0  # dead letters
    circumstances: frozenset[str] = frozenset()
    kill_points: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # faults that calls to the API met
    consumers: Counter[str] = field(default_factory=Counter)  # moods that deliveries met
    aims: frozenset[str] = frozenset()  # what the plan had in mind

    @property
    def harmed(self) -> bool:
        return any(self.harms.values())

    @property
    def done(self) -> set[str]:
        """Return the faults that had an effect, as the report names them."""
        counts = {
            "fault": self.faults,
            "point": self.kill_points,
            "answer": self.answers,
            "consumer": self.consumers,
            "ended": self.states + Counter({"dead letter": self.replayed}),
        }
        return {f"{kind}: {name}" for kind, of in counts.items() for name in of if of[name]}


def run(plan: Plan, folder: Path, rate: float = RATE, **settings: str) -> Result:
    """One run, in a folder that stays. Called from the main thread."""
    started = time.monotonic()
    with world(folder, plan.sandbox, plan.answers, plan.mangled, plan.failover) as found:
        found.add_machines(plan.skews_seconds, PROCESSES, CHAOS_SEED=str(plan.seed), **settings)
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
        replayed=conductor.replayed,
        kill_points=Counter(notes),
        answers=Counter(call.fault for call in found.api.calls if call.fault),
        consumers=found.receivers.met,
        aims=frozenset(plan.aims),
        circumstances=frozenset(plan.circumstances),
    )


def broken(plan: Plan, error: Exception) -> Result:
    """A run that came to no end: it shows nothing, which is not good enough."""
    trace = "".join(traceback.format_exception(error))
    return Result(plan.seed, 0, 0.0, 0, Counter(), {BROKEN: [trace]}, Counter(), 0.0, 0)
