"""Profile: what the time of the hot path goes to, by py-spy, while PEC go through without a rate limit.

The API is spoken to without TLS here.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from bench import cost, processes
from bench.cost import Spent, spend
from bench.figures import Outcome
from bench.site import PEERS_PYTHON, fake_api, send_job, site

COUNT, SECONDS, SAMPLES = 400, 12, 200
SPY = PEERS_PYTHON.with_name("py-spy")
# The innermost frame of a stack that is in one of these places names what is done.
PLACES = {
    "redis-py": "redis/",
    "HTTP": ("pec/http/", "urllib3/", "requests/", "http/client", "ssl.py", "socket.py", "email/"),
    "Dramatiq": "dramatiq/",
    "logging, metrics": ("structlog/", "logging/", "prometheus_client/"),
    "commit: building it": (
        *("pec/store/commits", "pec/transitions", "pec/receipt_transitions"),
        *("pec/changes", "pec/events", "json/"),
    ),
    "records: reading them": ("pec/messages", "pec/store/records", "pec/instants"),
    "receipts": ("pec/receipts", "pec/subjects", "pec/provider_text", "pec/states", "pec/api/answers"),
    "intake: checking jobs": ("pec/jobs", "pec/content", "pec/job_messages", "workers/intake", "pydantic/"),
    "webhooks": "pec/webhooks/",
}


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, seconds = (60, 3) if quick else (COUNT, SECONDS)
    if not SPY.exists():
        return Outcome([], notes=["no py-spy: `make bench` installs it"])
    stacks, spent = _recorded(folder, count, seconds)
    more = {
        "profile": by_place(stacks),
        "functions": by_function(stacks),
        "worker_ms": spent.worker_cpu_seconds,  # seconds for 1,000 PEC are milliseconds for each
    }
    note = (
        f"By samples, {SAMPLES} a second, of the thread that holds the GIL in one worker process of two: what runs "
        "without it, such as waiting for an answer, is in none. HTTP is without TLS."
    )
    return Outcome([], notes=[note], more=more)


def _recorded(folder: Path, count: int, seconds: int) -> tuple[Mapping[str, int], Spent]:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=cost.ACCEPTANCE, delivery=cost.DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        leader = stack.enter_context(made.workers({"a0": "token"}, cost.SETTINGS, threads=16))
        busiest = max(processes.session(leader), key=processes.cpu_seconds_of)
        raw = folder / "stacks.txt"
        command = [str(SPY), "record", "--pid", str(busiest), "--duration", str(seconds), "--format", "raw"]
        recording = subprocess.Popen(
            [*command, "--output", str(raw), "--rate", str(SAMPLES), "--gil"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def put() -> None:
            with made.client.pipeline() as pipeline:
                for number in range(count):
                    pipeline.xadd("pec:jobs", {"job": send_job(number)})
                pipeline.execute()

        spent = spend(made, api, "ours", count, put)
        recording.wait(seconds + 30)
        return parsed(raw.read_text().splitlines()) if raw.exists() else {}, spent


def parsed(lines: Iterable[str]) -> dict[str, int]:
    """py-spy's raw format: `outer;…;inner count`."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        found[stack] += int(count)
    return dict(found)


def by_place(stacks: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each kind of work, the greatest first."""
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        found[_place(stack)] += count
    total = sum(found.values()) or 1
    return {name: round(count / total, 4) for name, count in found.most_common()}


def by_function(stacks: Mapping[str, int], most: int = 12) -> list[tuple[str, float]]:
    """Return the functions that take most time themselves."""
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        found[stack.rpartition(";")[2]] += count
    total = sum(found.values()) or 1
    return [(name, round(count / total, 4)) for name, count in found.most_common(most)]


def _place(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        for name, places in PLACES.items():
            if any(place in frame for place in ([places] if isinstance(places, str) else places)):
                return name
    return "threads, the rest"
