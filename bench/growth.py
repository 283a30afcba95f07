"""Growth: what a PEC costs with more and more messages stored: the line must be flat. Part of `waiting`."""

from collections.abc import Mapping, Sequence

from bench import cost
from bench.cost import Spent, spend
from bench.figures import Figure, Plot, middle
from bench.site import FakeApi, Site, put

ACCOUNT = "a1"  # not the one whose messages wait


def costs(made: Site, api: FakeApi, size: int, count: int, runs: int) -> list[Spent]:
    """The whole path of some more, with so many stored. Starts and ends workers of its own."""
    first = 10_000_000 + size * 10

    def once(many: int, number: int) -> Spent:
        return spend(made, api, "ours", many, lambda: put(made, many, first + number * count, ACCOUNT))

    with made.workers({"a0": "token", ACCOUNT: "token"}, cost.SETTINGS, threads=cost.THREADS):
        once(30, 0)  # warm
        return [once(count, number) for number in range(1, runs + 1)]


def figures(found: Mapping[int, Sequence[Spent]]) -> tuple[list[Figure], Plot]:
    cpu = {size: middle(one.cpu_seconds for one in spent) for size, spent in found.items()}
    least, most = min(cpu), max(cpu)
    redis = {size: middle(one.redis_cpu_seconds for one in spent) for size, spent in found.items()}
    listed = ", ".join(f"{size:,}: {cpu[size]:.1f} ({redis[size]:.1f})" for size in cpu)
    grown = Figure(
        f"cost per PEC with {most:,} stored, to {least:,}",
        "times",
        cpu[most] / cpu[least],
        target="≤ 1.2",
        better="less",
        note=f"CPU seconds of workers and Redis (of Redis alone) for 1,000 PEC, by messages stored: {listed}",
    )
    line = {"workers and Redis": list(cpu.items())}
    return [grown], Plot("growth", "CPU seconds for 1,000 PEC", "messages stored", "s", line, kind="lines")
