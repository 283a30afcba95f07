"""Waiting: with many messages waiting for receipts hours away, how late others are looked at, and what idling costs."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import filling
from bench.figures import Figure, Outcome, Plot, percentile
from bench.peers.running import TUNED, running
from bench.site import FakeApi, Site, fake_api, site, until

SIZES = (1_000, 100_000, 1_000_000)
PEER_SIZE = 100_000
DUE = 100
HOURS = 6 * 3600.0
IDLE_SECONDS = 10.0
SETTINGS = {
    "PEC_API__READ_RATE": "1000",
    "PEC_RECEIPTS__BACKOFF": "[3600]",
    "PEC_QUOTA__INTERVAL": "86400",
    "PEC_API__RATE": "1000",
}
PATIENCE_SECONDS = 30.0


def run(folder: Path, *, quick: bool = False) -> Outcome:
    sizes = (1_000, 3_000) if quick else SIZES
    lateness, idle, memory = _ours(folder / "ours", sizes)
    peer_late = _peer(folder / "peer", 3_000 if quick else PEER_SIZE)
    ran = f"{len(peer_late)} of {DUE} ran within {PATIENCE_SECONDS:.0f} s"
    figures = []
    for size in sizes:
        beside = {TUNED.name: percentile(peer_late, 99) if peer_late else None} if size != sizes[-1] else {}
        note = f"{TUNED.name}, {PEER_SIZE:,} delayed: {ran}" if size == sizes[-2] else ""
        last = size == sizes[-1]
        figures += [
            Figure(f"lateness p50, {size:,} waiting", "s", percentile(lateness[size], 50), better="less"),
            Figure(
                f"lateness p99, {size:,} waiting",
                "s",
                percentile(lateness[size], 99),
                beside if size == sizes[-2] else {},
                "≤ 1" if last else None,
                better="less",
                note=note,
            ),
            Figure(
                f"idle CPU, {size:,} waiting",
                "% of a core",
                idle[size],
                target="≤ 3" if last else None,
                better="less",
            ),
        ]
    figures.append(
        Figure(
            f"memory of workers, {sizes[-1]:,} waiting to {sizes[0]:,}",
            "times",
            memory[sizes[-1]] / memory[sizes[0]],
            target="≤ 1.05",
            better="less",
            note=", ".join(f"{size:,}: {taken / 1e6:.0f} MB" for size, taken in memory.items()),
        )
    )
    plot = Plot(
        "waiting",
        "Lateness of 100 receipt checks that are due, 99th percentile",
        "messages waiting",
        "s",
        {"ours": [(size, percentile(late, 99)) for size, late in lateness.items()]},
        kind="lines",
        target=1,
    )
    return Outcome(figures, [plot])


def _ours(
    folder: Path, sizes: Sequence[int]
) -> tuple[dict[int, list[float]], dict[int, float], dict[int, float]]:
    lateness, idle, memory = {}, {}, {}
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder))
        made = stack.enter_context(site(folder / "ours", api))
        there = 0
        for size in sizes:
            filling.waiting_for_receipts(
                made.store, size - there, first=there, due_at=made.store.now() + HOURS
            )
            there = size
            with made.workers({"a0": "token"}, SETTINGS):
                time.sleep(3)
                idle[size] = _idle_percent(made)
                memory[size] = float(made.memory_bytes()["workers"])
                lateness[size] = _lateness(made, api, range(size - DUE, size))
    return lateness, idle, memory


def _idle_percent(made: Site) -> float:
    before = made.cpu_seconds()["workers"]
    time.sleep(IDLE_SECONDS)
    return (made.cpu_seconds()["workers"] - before) / IDLE_SECONDS * 100


def _lateness(made: Site, api: FakeApi, numbers: range) -> list[float]:
    """From when each was due to its GET, as the API saw it."""
    seen = len(api.report(sends=10**9, hooks=10**9)["looks"])
    ahead = 1.0
    due_at, due_here = made.store.now() + ahead, time.monotonic() + ahead
    made.client.zadd("pec:due:check", {filling.name_of(number): due_at for number in numbers})
    wanted = {filling.code_of(number) for number in numbers}

    def looks() -> list[float]:
        found = {}
        for at, code in api.report(sends=10**9, hooks=10**9, looks=seen)["looks"]:
            if code in wanted:
                found.setdefault(code, at)
        return list(found.values()) if len(found) == len(wanted) else []

    return [at - due_here for at in until(looks, "what is due is looked at", 120)]


def _peer(folder: Path, size: int) -> list[float]:
    """Of those among the hundred that ran at all."""
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder))
        made = stack.enter_context(site(folder / "peer", api))
        contender = running(TUNED, made, "token")
        contender.produce("wait_hours", size)
        stack.enter_context(contender.workers(2))
        time.sleep(15)  # they pull what is delayed into memory
        contender.produce("check_soon", DUE)
        due_here = time.monotonic()
        time.sleep(PATIENCE_SECONDS)
        return [at - due_here for at, _ in api.report(sends=10**9, hooks=10**9)["looks"]]
