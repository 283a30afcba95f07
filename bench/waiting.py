"""Waiting: with many messages waiting for receipts hours away, how late others are, what idling and what a PEC cost."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import fill, growth
from bench.cost import Spent
from bench.figures import Figure, Outcome, Plot, percentile
from bench.peers.running import TUNED, running
from bench.site import FakeApi, Site, fake_api, site, until

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 3_000)
ONLY_STORED = 10_000  # what a PEC costs beside so many is measured, not how others wait
PEER_SIZE = 100_000
DUE, TIMES = 100, 3
PATIENCE_SECONDS = 12.0  # in which a peer may run what is due
HOURS = 6 * 3600.0
COST_COUNT, COST_RUNS = 400, 3  # with 100 the same code gave 0.92 and 1.37 times
SETTINGS = {
    "PEC_API__READ_RATE": "1000",
    "PEC_RECEIPTS__BACKOFF_SECONDS": "[3600]",
    "PEC_QUOTA__INTERVAL_SECONDS": "86400",
    "PEC_API__RATE": "1000",
}
DELIVERED = (0.1, 0.3), (1.5, 2.0)  # seconds to ACCETTAZIONE and CONSEGNA of what is sent meanwhile


@dataclass(slots=True)
class Measured:
    """Return the figures by the number of waiting messages."""

    lateness: dict[int, list[float]] = field(default_factory=dict)  # of all checks that were due, in seconds
    idle_percent: dict[int, float] = field(default_factory=dict)
    memory: dict[int, float] = field(default_factory=dict)
    costs: dict[int, list[Spent]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfPeer:
    """With as many delayed as it was given."""

    lateness: list[float]  # of those among the hundred that ran at all
    idle_percent: float
    memory: float


def run(folder: Path, *, quick: bool = False) -> Outcome:
    measured = _ours(folder / "ours", QUICK_SIZES if quick else SIZES, quick)
    patience = 3.0 if quick else PATIENCE_SECONDS
    delayed = 3_000 if quick else PEER_SIZE
    peer = _peer(folder / "peer", delayed, patience, 2.0 if quick else 6.0)
    sizes = list(measured.lateness)
    idle_of_peer = {delayed: {TUNED.name: peer.idle_percent}}
    figures = [
        figure
        for size in sizes
        for figure in _at(measured, size, idle_of_peer.get(size, {}), last=size == sizes[-1])
    ]
    figures += _beside(peer, measured, delayed, patience, 1 if quick else TIMES)
    figures.append(_memory(measured.memory))
    grown, growth_plot = growth.figures(measured.costs)
    lines = {
        "99th percentile": [(size, percentile(of, 99)) for size, of in measured.lateness.items()],
        "median": [(size, percentile(of, 50)) for size, of in measured.lateness.items()],
    }
    title = f"Lateness of {DUE} receipt checks due at once"
    plot = Plot("waiting", title, "messages waiting", "s", lines, kind="lines", target=1)
    return Outcome([*figures, *grown], [plot, growth_plot])


def _at(measured: Measured, size: int, idle_of_peer: Mapping[str, float], *, last: bool) -> list[Figure]:
    late, idle = measured.lateness[size], measured.idle_percent[size]
    return [
        Figure(f"lateness p50, {size:,} waiting", "s", percentile(late, 50), better="less"),
        Figure(
            f"lateness p99, {size:,} waiting",
            "s",
            percentile(late, 99),
            target="≤ 1" if last else None,
            better="less",
        ),
        Figure(
            f"idle CPU of workers, {size:,} waiting",
            "% of a core",
            idle,
            idle_of_peer,
            target="≤ 3" if last else None,
            better="less",
        ),
    ]


def _beside(peer: OfPeer, measured: Measured, size: int, patience: float, times: int) -> list[Figure]:
    ran = sum(one <= patience for one in measured.lateness[size]) / times
    note = f"{TUNED.name} delays {size:,}; it holds in memory what its prefetch of delayed messages lets it"
    what = f"{size:,} waiting"
    return [
        Figure(
            f"due checks that ran within {patience:.0f} s, {what}",
            f"of {DUE}",
            ran,
            {TUNED.name: float(len(peer.lateness))},
            note=note,
        ),
        Figure(
            f"memory of workers, {what}",
            "MB",
            measured.memory[size] / 1e6,
            {TUNED.name: peer.memory / 1e6},
            better="less",
        ),
    ]


def _memory(memory: Mapping[int, float]) -> Figure:
    least, most = min(memory), max(memory)
    return Figure(
        f"memory of workers, {most:,} waiting to {least:,}",
        "times",
        memory[most] / memory[least],
        target="≤ 1.05",
        better="less",
        note="workers take "
        + ", ".join(f"{taken / 1e6:.0f} MB with {size:,}" for size, taken in memory.items()),
    )


def _ours(folder: Path, sizes: Sequence[int], quick: bool) -> Measured:
    found, there = Measured(), 0
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=DELIVERED[0], delivery=DELIVERED[1]))
        made = stack.enter_context(site(folder / "ours", api))
        for size in sizes:
            fill.waiting_for_receipts(made.store, size - there, first=there, due_at=made.store.now() + HOURS)
            there = size
            if size != ONLY_STORED:
                _wait(made, api, size, found, quick)
            found.costs[size] = growth.costs(
                made, api, size, 30 if quick else COST_COUNT, 1 if quick else COST_RUNS
            )
    return found


def _wait(made: Site, api: FakeApi, size: int, found: Measured, quick: bool) -> None:
    with made.workers({"a0": "token"}, SETTINGS):
        time.sleep(3)
        found.idle_percent[size] = _idle_percent(made, 2.0 if quick else 6.0)
        found.memory[size] = float(made.memory_bytes()["workers"])
        found.lateness[size] = [
            late
            for number in range(1 if quick else TIMES)
            for late in _lateness(made, api, range(size - DUE * (number + 1), size - DUE * number))
        ]


def _idle_percent(made: Site, seconds: float) -> float:
    before = made.cpu_seconds()["workers"]
    time.sleep(seconds)
    return (made.cpu_seconds()["workers"] - before) / seconds * 100


def _lateness(made: Site, api: FakeApi, numbers: range) -> list[float]:
    """From when each was due to its GET, as the API saw it."""
    seen, ahead = len(api.report(sends=10**9, hooks=10**9)["checks"]), 1.0
    due_at, due_here = made.store.now() + ahead, time.monotonic() + ahead
    made.client.zadd("pec:due:check", {fill.name_of(number): due_at for number in numbers})
    wanted = {fill.code_of(number) for number in numbers}

    def checks() -> list[float]:
        found = _first_checks(api, seen, wanted)
        return found if len(found) == len(wanted) else []

    return [at - due_here for at in until(checks, "what is due is looked at", 120)]


def _first_checks(api: FakeApi, seen: int, wanted: set[str]) -> list[float]:
    found: dict[str, float] = {}
    for at, code in api.report(sends=10**9, hooks=10**9, checks=seen)["checks"]:
        if code in wanted:
            found.setdefault(code, at)
    return list(found.values())


def _peer(folder: Path, size: int, patience: float, idle_seconds: float) -> OfPeer:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder))
        made = stack.enter_context(site(folder / "peer", api))
        contender = running(TUNED, made, "token")
        contender.produce("wait_hours", size)
        stack.enter_context(contender.workers(2))
        time.sleep(patience / 2)  # they pull what is delayed into memory
        idle, memory = _idle_percent(made, idle_seconds), float(made.memory_bytes()["workers"])
        contender.produce("check_soon", DUE)
        due_here = time.monotonic()
        time.sleep(patience)
        late = [at - due_here for at in _first_checks(api, 0, {fill.code_of(n) for n in range(DUE)})]
        return OfPeer(late, idle, memory)
