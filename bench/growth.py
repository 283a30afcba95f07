"""Growth: what a PEC costs with more and more messages stored. The line must be flat."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import cost, filling
from bench.cost import Spent, spend
from bench.figures import Figure, Outcome, Plot, middle
from bench.site import fake_api, send_job, site

SIZES = (1_000, 10_000, 100_000, 1_000_000)
COUNT, RUNS = 300, 3


def run(folder: Path, *, quick: bool = False) -> Outcome:
    sizes, runs = ((1_000, 3_000), 1) if quick else (SIZES, RUNS)
    found = _costs(folder, sizes, 50 if quick else COUNT, runs)
    cpu = {size: middle(one.cpu_seconds for one in spent) for size, spent in found.items()}
    figures = [
        Figure(
            f"cost per PEC with {sizes[-1]:,} stored, to {sizes[0]:,}",
            "times",
            cpu[sizes[-1]] / cpu[sizes[0]],
            target="≤ 1.2",
            better="less",
            note="CPU seconds of workers and Redis for 1,000 PEC: "
            + ", ".join(f"{size:,}: {seconds:.1f}" for size, seconds in cpu.items()),
        ),
    ]
    line = {"workers and Redis": list(cpu.items())}
    plot = Plot("growth", "CPU seconds for 1,000 PEC", "messages stored", "s", line, kind="lines")
    return Outcome(figures, [plot])


def _costs(folder: Path, sizes: Sequence[int], count: int, runs: int) -> dict[int, list[Spent]]:
    """Half of what is stored awaits receipts hours away, half is finished."""
    found, there = {}, 0
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=cost.ACCEPTANCE, delivery=cost.DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        for size in sizes:
            half = (size - there) // 2
            later = made.store.now() + 6 * 3600
            filling.waiting_for_receipts(made.store, half, first=there, due_at=later)
            filling.finished(made.store, size - there - half, first=there + half)
            there = size
            with made.workers({"a0": "token", "a1": "token"}, cost.SETTINGS, threads=16):

                def put(since: str, many: int) -> None:
                    with made.client.pipeline() as pipeline:
                        for number in range(many):
                            pipeline.xadd("pec:jobs", {"job": send_job(f"{since}-{number}", "a1")})
                        pipeline.execute()

                spend(made, api, "ours", 30, lambda since=f"warm{size}": put(since, 30))  # type: ignore[misc]
                found[size] = [
                    spend(made, api, "ours", count, lambda since=f"s{size}-{run}": put(since, count))  # type: ignore[misc]
                    for run in range(runs)
                ]
    return found
