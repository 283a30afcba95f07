"""The findings, for people and for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.checker import CHECKS
from tests.chaos.plan import ANSWERS, CONSUMERS, CUSTODY, CUSTODY_POINTS, KILL_POINTS, TIMED
from tests.chaos.run import BROKEN, Result

MAX_EVIDENCE = 8
ENOUGH_RUNS = 20  # in which whatever plans have in mind comes true at least once


def line(result: Result) -> str:
    """One run on one line."""
    harms = ", ".join(f"{kind} {len(found)}" for kind, found in result.harms.items() if found) or "no harm"
    return (
        f"seed {result.seed}: {result.messages} messages, {result.kills} kills, "
        f"{sum(result.faults.values())} faults, {result.seconds:.0f} s, "
        f"settled {result.settled_seconds:.0f} s after the last: {harms}"
    )


def evidence(result: Result) -> list[str]:
    """Some of what was found of each kind."""
    return [f"  {kind}: {one}" for kind, found in result.harms.items() for one in found[:MAX_EVIDENCE]]


def table(results: Sequence[Result]) -> list[str]:
    """All runs together."""
    faults: Counter[str] = sum((result.faults for result in results), Counter())
    points: Counter[str] = sum((result.kill_points for result in results), Counter())
    answers: Counter[str] = sum((result.answers for result in results), Counter())
    moods: Counter[str] = sum((result.consumers for result in results), Counter())
    states: Counter[str] = sum((result.states for result in results), Counter())
    known = {name for _, _, faults in ANSWERS.values() for name in faults}
    rows = [
        ("runs, each with a seed of its own", len({result.seed for result in results})),
        ("messages", sum(result.messages for result in results)),
        ("worker processes killed", sum(result.kills for result in results)),
        *((f"  at the point {point}", points[point]) for point in sorted((*KILL_POINTS, *CUSTODY_POINTS))),
        *(
            (f"fault: {name}", faults[name])
            for name in sorted({*TIMED, *CUSTODY, "failover", "restore", *faults})
        ),
        *((f"answer: {name}", answers[name]) for name in sorted({*known, *answers})),
        *((f"consumer: {how}", moods[how]) for how in CONSUMERS),
        ("messages that were uncertain for a while", sum(one.uncertain for one in results)),
        ("dead letters that were replayed", sum(one.replayed for one in results)),
        *((f"ended {state}", count) for state, count in sorted(states.items())),
        *(
            (f"HARM: {kind}", sum(len(one.harms.get(kind, ())) for one in results))
            for kind in (*CHECKS, BROKEN)
        ),
        ("seconds", round(sum(result.seconds for result in results))),
    ]
    return [f"{name:<40} {count:>8}" for name, count in rows]


def never_done(results: Sequence[Result]) -> list[str]:
    """Return the planned faults that took no effect in any run."""
    aims, done = ({one for result in results for one in getattr(result, of)} for of in ("aims", "done"))
    return sorted(aims - done)


def write_json(results: Sequence[Result], path: Path) -> None:
    found = [
        {
            "seed": one.seed,
            "messages": one.messages,
            "kills": one.kills,
            "kill_points": one.kill_points,
            "faults": one.faults,
            "answers": one.answers,
            "consumers": one.consumers,
            "circumstances": dict.fromkeys(sorted(one.circumstances), 1),
            "replayed": one.replayed,
            "never_done": sorted(one.aims - one.done),
            "states": one.states,
            "uncertain": one.uncertain,
            "harms": one.harms,
            "seconds": round(one.seconds, 1),
        }
        for one in results
    ]
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
