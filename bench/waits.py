"""Waits: where the time of a PEC, of the workers' threads, of Redis and of the cores goes while `cost` runs.

Steps of a PEC come from its record, its events and the API's notes; threads from py-spy; the rest from /proc.
"""

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import cost, processes
from bench.cost import Spent, spend
from bench.figures import Figure, Outcome, Plot, middle
from bench.hot_path import SPY, parsed
from bench.site import FakeApi, Site, fake_api, put, site
from config.redis_connection import connect
from pec.store.store import text_dict

FIRST = 1_000_000
STEP_SECONDS = 0.25  # between two looks at the cores
REDIS_STEP_SECONDS = 0.004  # between two looks at what Redis's main thread does
PING_SECONDS = 0.02
SAMPLES = 50  # of all threads, a second
NO_HINT, PYTHON = "no task", "Python: running, or waiting for the GIL"
# The first of these that has a part of the stack's last frame names the wait.
WAITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Redis: its part of a shared write", ("pec/store/combiner",)),
    ("Redis: a reply, or the GIL after it", ("redis/_parsers", "redis/connection", "redis/_cache")),
    ("HTTP: connecting", ("open_tcp (pec/http", "connect (pec/http", "getaddrinfo (")),
    ("HTTP: an answer, or the GIL after it", ("deadline_socket.py",)),
    ("pace: a slot", ("rate_limiter.py", "calls.py", "scan_policy.py")),
    ("a lock", ("threading.py",)),
)


@dataclass
class Looks:
    """Samples of the cores and of Redis, taken beside the run."""

    cores: list[tuple[float, float, float]] = field(default_factory=list)  # seconds, contender's, all
    redis: Counter[str] = field(default_factory=Counter)  # states of its main thread, by /proc's letter
    pings: list[float] = field(default_factory=list)  # seconds that each took, of a process of its own


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count = 60 if quick else cost.COUNT
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=cost.ACCEPTANCE, delivery=cost.DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        workers = made.workers({"a0": "token"}, cost.SETTINGS, processes=cost.PROCESSES, threads=cost.THREADS)
        leader = stack.enter_context(workers)
        spend(made, api, "ours", 20, lambda: put(made, 20))  # warm
        before = len(api.report(checks=10**9, hooks=10**9)["sends"])
        began = time.time()
        with looking(made, api, leader) as looks:
            spent = spend(made, api, "ours", count, lambda: put(made, count, FIRST))
        steps = steps_of(made, api, before, began)
        sent_seconds = max(api.report(sends=before, checks=10**9, hooks=10**9)["sends"])[0] - _monotonic(
            began
        )
        threads = _threads(made, api, folder, leader, count)
    return _outcome(spent, looks, steps, sent_seconds, threads)


def _outcome(
    spent: Spent, looks: Looks, steps: Mapping[str, float], sent: float, threads: Mapping[str, float]
) -> Outcome:
    whole = sum(1 for _ in looks.cores) * STEP_SECONDS
    body = [ours for at, ours, _ in looks.cores if at <= sent]
    seen = sum(looks.redis.values()) or 1
    figures = [
        Figure("cores in use by workers and Redis until the last send", "cores", middle(body or [0.0])),
        Figure("the same, of the whole run", "cores", spent.cores),
        Figure("seconds until the last send", "s", sent),
        Figure("seconds of the run", "s", whole),
        *(
            Figure(f"Redis's main thread {what}", "share", looks.redis[letter] / seen)
            for letter, what in (
                ("R", "works, or waits for a core"),
                ("D", "waits for the disk"),
                ("S", "waits for commands"),
            )
        ),
        Figure("Redis's reply to a PING of another process", "ms", 1000 * middle(looks.pings or [0.0])),
        *(Figure(f"a PEC: {name}", "ms", 1000 * seconds) for name, seconds in steps.items()),
        *(Figure(f"threads of {cost.THREADS}: {name}", "threads", many) for name, many in threads.items()),
    ]
    lines = {
        "workers and Redis": [(at, ours) for at, ours, _ in looks.cores],
        "with the API and the bench": [(at, both) for at, _, both in looks.cores],
    }
    cores = Plot("waits-cores", "Cores in use while PEC go through", "seconds", "cores", lines, "lines")
    of_a_pec = {"median": [(name, 1000 * seconds) for name, seconds in steps.items()]}
    way = Plot("waits", "Where the time of a PEC goes", "", "ms", of_a_pec)
    notes = [
        f"{cost.COUNT} jobs are put in at once, so a PEC's time in its lane is the queue before it. After the last "
        f"send, workers wait for receipts, which come {cost.DELIVERY[0]} to {cost.DELIVERY[1]} s after their send.",
        f"Threads of one worker process of {cost.PROCESSES}, by {SAMPLES} samples a second of another run's body. "
        "Samples do not distinguish a thread that waits for an answer from one that has it and waits for the GIL: the "
        "reply to a PING of another process shows how long Redis itself takes.",
    ]
    return Outcome(figures, [way, cores], notes)


# The cores, and Redis


@contextmanager
def looking(made: Site, api: FakeApi, leader: int) -> Iterator[Looks]:
    """Look from threads of this process, until the block ends."""
    looks, over = Looks(), threading.Event()
    watching = [
        threading.Thread(target=_watch_cores, args=(made, api, looks, over)),
        threading.Thread(target=_watch_redis, args=(made, looks, over)),
        threading.Thread(target=_ping, args=(made, looks, over)),
    ]
    for one in watching:
        one.start()
    try:
        yield looks
    finally:
        over.set()
        for one in watching:
            one.join()


def _watch_cores(made: Site, api: FakeApi, looks: Looks, over: threading.Event) -> None:
    began = time.monotonic()
    at, ours, both = began, *_cpu(made, api)
    while not over.wait(STEP_SECONDS):
        now, ours_now, both_now = time.monotonic(), *_cpu(made, api)
        passed = now - at
        looks.cores.append((round(now - began, 2), (ours_now - ours) / passed, (both_now - both) / passed))
        at, ours, both = now, ours_now, both_now


def _cpu(made: Site, api: FakeApi) -> tuple[float, float]:
    ours = sum(made.cpu_seconds().values())
    return ours, ours + api.cpu_seconds() + time.process_time()


def _watch_redis(made: Site, looks: Looks, over: threading.Event) -> None:
    while not over.wait(REDIS_STEP_SECONDS):
        looks.redis[processes.state(made.server.pid or 0)] += 1


def _ping(made: Site, looks: Looks, over: threading.Event) -> None:
    with connect(made.server.url) as client:
        while not over.wait(PING_SECONDS):
            began = time.perf_counter()
            client.ping()
            looks.pings.append(time.perf_counter() - began)


# The way of a PEC


def steps_of(made: Site, api: FakeApi, since: int, began: float) -> dict[str, float]:
    """Return the median seconds of each step of the PEC sent since then, in their order."""
    report = api.report(sends=since, checks=10**9)
    offset = time.time() - time.monotonic()
    events, hooks = _events(made), {one: at + offset for at, one in report["delivered_hooks"]}
    found: dict[str, list[float]] = {}
    for (at, _, recipient), (_, delivered) in zip(report["sends"], report["due"], strict=True):
        message = f"m{recipient.partition('@')[0].removeprefix('r')}"
        record = text_dict(made.client.hgetall(f"pec:message:{message}"))
        posted, came = at + offset, delivered + offset
        moments = {
            "put in": began,
            "in the stream": _instant(record["created_at"]),
            "in its lane": _instant(record["claimed_at"]),
            "claim to API": posted,
            "API answers": _instant(record["sent_at"]),
            "CONSEGNA comes": came,
            "it is found": events[message],
            "webhook": hooks[message],
        }
        times = list(moments.values())
        for name, before, after in zip(list(moments)[1:], times, times[1:], strict=False):
            found.setdefault(name, []).append(after - before)
    return {name: middle(seconds) for name, seconds in found.items()}


def _events(made: Site) -> dict[str, float]:
    """Return when each message was committed as delivered."""
    entries: Any = made.client.xrange("pec:events")
    return {
        json.loads(fields[b"event"])["data"]["id"]: int(entry.partition(b"-")[0]) / 1000
        for entry, fields in entries
        if fields[b"type"] == b"message.delivered"
    }


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _monotonic(epoch: float) -> float:
    return epoch - time.time() + time.monotonic()


# The threads


def _threads(made: Site, api: FakeApi, folder: Path, leader: int, count: int) -> dict[str, float]:
    """Return how many of a process's threads are where, on average, while another run sends."""
    if not SPY.exists():
        return {}
    raw = folder / "threads.txt"
    busiest = max(processes.session(leader), key=processes.cpu_seconds_of)
    seconds = max(1, round(count / 250))
    command = [str(SPY), "record", "--pid", str(busiest), "--duration", str(seconds), "--format", "raw"]
    recording = subprocess.Popen(
        [*command, "--output", str(raw), "--rate", str(SAMPLES), "--idle", "--nonblocking"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    spend(made, api, "ours", count, lambda: put(made, count, 2 * FIRST))
    recording.wait(seconds + 30)
    stacks = parsed(raw.read_text().splitlines()) if raw.exists() else {}
    return by_wait(stacks, cost.THREADS)


def by_wait(stacks: Mapping[str, int], threads: int) -> dict[str, float]:
    """Return the average number of Dramatiq's threads in each wait, the greatest first."""
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        if name := _wait(stack.split(";")):
            found[name] += count
    total = sum(found.values()) or 1
    return {name: round(threads * count / total, 2) for name, count in found.most_common()}


def _wait(frames: Sequence[str]) -> str | None:
    """Return what a thread waits for; None if it is not one that runs tasks."""
    if not any("process_message (dramatiq/worker.py" in frame for frame in frames):
        waits = any(frame.startswith("get (queue.py") for frame in frames)
        return NO_HINT if waits and any("dramatiq/worker.py" in frame for frame in frames) else None
    return next((name for name, places in WAITS if any(place in frames[-1] for place in places)), PYTHON)
