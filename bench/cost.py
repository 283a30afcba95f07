"""Cost: the whole path of a PEC without a rate limit: PEC a second, CPU, commands, calls, memory.

From the job to the last webhook: send, ACCETTAZIONE and CONSEGNA. The API and the receiver are outside the count, but
take their time from the same cores. Contenders take turns, once in each round and in another order, because a machine's
clock changes.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, Outcome, Plot, middle
from bench.peers.running import GUIDE, PEERS, Peer, running
from bench.site import FakeApi, Site, fake_api, put, site, until

COUNT, ROUNDS = 800, 5
PROCESSES, THREADS = 2, 16
GUIDE_THREADS = 8  # Dramatiq's default, and a process for each core
# Short, so that waiting for the last receipts is little of a run; the first check finds an ACCETTAZIONE, mostly.
CHECKS = (0.5, 1.0)
ACCEPTANCE, DELIVERY = (0.1, 0.3), (0.7, 1.2)
SETTINGS = {
    "BENCH_UNLIMITED": "yes",
    "PEC_API__RATE": "1000",
    "PEC_API__MARGIN_SECONDS": "0",
    "PEC_API__IN_FLIGHT": "32",
    "PEC_API__READ_RATE": "1000",
    "PEC_RECEIPTS__BACKOFF_SECONDS": f"[{CHECKS[0]}, {CHECKS[1]}]",
    "PEC_RECEIPTS__PAGE_INTERVAL_SECONDS": "0.25",  # four times that where pages show little: as long as peers wait
    "PEC_QUOTA__INTERVAL_SECONDS": "86400",
}


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of a number of PEC; figures are per 1,000 unless their name says otherwise."""

    pec_a_second: float
    worker_cpu_seconds: float
    redis_cpu_seconds: float
    calls: float
    webhooks: float
    outside_cpu_seconds: float  # of the API, the receiver and the bench
    worker_bytes: float  # of all together
    redis_bytes: float  # by which the data grew for each

    @property
    def cpu_seconds(self) -> float:
        return self.worker_cpu_seconds + self.redis_cpu_seconds

    @property
    def cores(self) -> float:
        """In use while it ran. Where it is less than there are, something was waited for."""
        return self.cpu_seconds / 1000 * self.pec_a_second


@dataclass(frozen=True, slots=True)
class Measured:
    """A contender's rounds. `commands`: for 1,000 PEC, polling included."""

    spent: list[Spent] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, rounds = (40, 1) if quick else (COUNT, ROUNDS)
    peers = {peer.name: peer for peer in PEERS}
    names = ["ours", *peers]
    found = {name: Measured() for name in names}
    for number in range(rounds):
        for name in names[number:] + names[:number]:
            at = folder / f"{number}-{name.replace(' ', '-')}"
            if name == "ours":
                _of_ours(at, count, found[name])
            else:
                _of_peer(at, peers[name], count, found[name])
    rates = {name: [one.pec_a_second for one in made.spent] for name, made in found.items()}
    plot = Plot(
        "cost",
        "Whole path without a rate limit, on this machine",
        "",
        "PEC/s",
        {name: [("PEC/s", middle(values))] for name, values in rates.items()},
        target=100,
    )
    return Outcome(_figures(found, rates), [plot])


def spend(made: Site, api: FakeApi, name: str, count: int, put: Callable[[], object]) -> Spent:
    """Puts jobs in, and waits for the last webhook."""
    seen, calls = len(api.report(sends=10**9, checks=10**9)["hooks"]), _calls(api)
    cpu, outside, memory = made.cpu_seconds(), _outside_cpu_seconds(api), made.memory_bytes()
    started = time.monotonic()
    put()

    def hooks() -> list[tuple[float, str, str]] | None:
        mine = [one for one in api.report(sends=10**9, checks=10**9, hooks=seen)["hooks"] if one[1] == name]
        return mine if sum(what == "message.delivered" for _, _, what in mine) >= count else None

    until(hooks, "every PEC is delivered and reported", 300, every=0.25)
    last = hooks() or []
    after, outside_after, memory_after = made.cpu_seconds(), _outside_cpu_seconds(api), made.memory_bytes()
    per = 1000 / count
    return Spent(
        pec_a_second=count / (max(at for at, _, what in last if what == "message.delivered") - started),
        worker_cpu_seconds=(after["workers"] - cpu["workers"]) * per,
        redis_cpu_seconds=(after["redis"] - cpu["redis"]) * per,
        calls=(_calls(api) - calls) * per,
        webhooks=len(last) * per,
        outside_cpu_seconds=(outside_after - outside) * per,
        worker_bytes=memory_after["workers"],
        redis_bytes=(memory_after["redis"] - memory["redis"]) / count,
    )


def commands_for_1000(made: Site, run: Callable[[], Spent], count: int) -> float:
    """Count commands in a separate run, because MONITOR costs the server time. The bench's own are left out."""
    with made.monitor() as monitor:
        run()
        counted = monitor.counted()
    return (counted["truth"] + counted["broker"] - count) * 1000 / count


def _of_ours(folder: Path, count: int, found: Measured) -> None:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=ACCEPTANCE, delivery=DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(made.workers({"a0": "token"}, SETTINGS, processes=PROCESSES, threads=THREADS))

        def once(many: int, since: int) -> Spent:
            return spend(made, api, "ours", many, lambda: put(made, many, since))

        _measure(made, once, count, found)


def _of_peer(folder: Path, peer: Peer, count: int, found: Measured) -> None:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=ACCEPTANCE, delivery=DELIVERY))
        made = stack.enter_context(site(folder / "peer", api))
        contender = running(peer, made, "token", checks=f"{CHECKS[0]} {CHECKS[1]}")
        threads = GUIDE_THREADS if peer is GUIDE else THREADS
        stack.enter_context(contender.workers(PROCESSES, threads))

        def once(many: int, since: int) -> Spent:
            return spend(made, api, "peer", many, lambda: contender.produce("take", many, since))

        _measure(made, once, count, found)


def _measure(made: Site, once: Callable[[int, int], Spent], count: int, found: Measured) -> None:
    """Add a round. `once`: so many, from a number on."""
    few = max(20, count // 4)
    once(few, 0)  # workers run for days: neither imports nor cold caches count
    found.spent.append(once(count, 10_000))
    found.commands.append(commands_for_1000(made, lambda: once(few, 1_000_000), few))


def _calls(api: FakeApi) -> int:
    return sum(api.report(sends=10**9, checks=10**9, hooks=10**9)["calls"].values())


def _outside_cpu_seconds(api: FakeApi) -> float:
    """Jobs of peers are put in by children of this process."""
    mine = os.times()
    return api.cpu_seconds() + sum((mine.user, mine.system, mine.children_user, mine.children_system))


def _figures(found: dict[str, Measured], rates: dict[str, list[float]]) -> list[Figure]:
    ours, guide = middle(rates["ours"]), middle(rates[GUIDE.name])
    best = max(middle(of) for name, of in rates.items() if name != "ours")
    note = (
        f"{PROCESSES} processes of {THREADS} threads; by its guide, {GUIDE_THREADS} threads; taskiq: {PROCESSES} loops "
        "and its scheduler, which sends what is due once a second; each reports five events of a PEC; appendfsync "
        "always"
    )
    figures = [
        Figure("PEC a second, whole path", "PEC/s", ours, _rest(rates), "≥ 100", rates["ours"], note=note),
        Figure("PEC a second, to the best peer", "times", ours / best, target="≥ 1.6"),
        Figure("PEC a second, to Dramatiq by its guide", "times", ours / guide, target="≥ 2"),
    ]
    commands = {name: made.commands for name, made in found.items()}
    figures.append(
        Figure(
            "commands for 1,000 PEC",
            "commands",
            middle(commands["ours"]),
            _rest(commands),
            "≤ 12,000",
            better="less",
        )
    )
    for name, title, unit, target in (
        ("cores", "cores in use by workers and Redis", "cores", "≥ 1.7"),
        ("cpu_seconds", "cpu seconds for 1,000 PEC", "s", None),
        ("worker_cpu_seconds", "worker cpu seconds for 1,000 PEC", "s", None),
        ("redis_cpu_seconds", "redis cpu seconds for 1,000 PEC", "s", None),
        (
            "outside_cpu_seconds",
            "outside the count: cpu seconds of API, receiver and bench for 1,000 PEC",
            "s",
            None,
        ),
        ("calls", "calls for 1,000 PEC", "calls", None),
        ("webhooks", "webhooks for 1,000 PEC", "webhooks", None),
        ("worker_bytes", "memory: worker bytes", "bytes", "≤ 100,000,000"),
        ("redis_bytes", "memory: redis bytes a PEC", "bytes", None),
    ):
        values = {who: [getattr(one, name) for one in made.spent] for who, made in found.items()}
        better = "more" if name == "cores" else "less"
        own, rest = values["ours"], _rest(values)
        figures.append(Figure(title, unit, middle(own), rest, target, own, better))
    cpu = {who: middle(one.cpu_seconds for one in made.spent) for who, made in found.items()}
    of_best = cpu["ours"] / min(of for name, of in cpu.items() if name != "ours")
    figures.insert(3, Figure("cpu seconds, to the best peer", "times", of_best, target="≤ 0.65"))
    return figures


def _rest(values: dict[str, list[float]]) -> dict[str, float | None]:
    return {name: middle(of) for name, of in values.items() if name != "ours"}
