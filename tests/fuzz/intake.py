"""The real intake on a real server, given jobs that are mostly wrong: `python -m tests.fuzz.intake --seed 1`.

Every entry must become messages or a rejection that names field and reason, no valid one may be refused, nothing
may raise, what comes out must be JSON for everybody, and memory must stay flat.
"""

import argparse
import json
import random
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, NoReturn

import structlog
from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Account, Settings
from pec.api.client import PecClient
from pec.store import heartbeat
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.fuzz.jobs import ACCOUNT, ENDPOINT, Case, case
from tests.fuzz.memory import MAX_GROWTH, Memory
from workers.context import WorkerContext
from workers.intake.consumer import Consumer

CHUNK = 200


@dataclass(slots=True)
class Report:
    """The results. `faults` is empty if all is well."""

    taken: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=Memory)


def run(redis_url: str, seed: int, jobs: int) -> Report:
    """Gives the intake so many jobs. The server's database is emptied again and again."""
    chance, report = random.Random(seed), Report()
    cases = (case(chance, number) for number in count())
    with connect(redis_url) as client:
        for start in range(0, jobs, CHUNK):
            _chunk(client, list(islice(cases, min(CHUNK, jobs - start))), report)
            report.memory.note()
    return report


def _chunk(client: Redis, cases: list[Case], report: Report) -> None:
    client.flushdb()
    store = Store(client, "pec")
    heartbeat.beat(store, {"account": [ACCOUNT], "endpoint": [ENDPOINT]}, 600)
    entries = {client.xadd("pec:jobs", one.fields): one for one in cases}
    report.kinds.update(one.how for one in cases)
    with structlog.testing.capture_logs() as logged:
        _take_all(client, store)
    for line in logged:
        if "exception" in line["event"] or line.get("exc_info"):
            report.faults.append(f"raised: {line}")
    rejections: Any = client.xrange("pec:rejected")
    refused = {fields[b"entry"]: fields for _, fields in rejections}
    stuck: Any = client.xrange("pec:jobs")
    for entry, fields in stuck:
        report.faults.append(f"left ({entries[entry].how}): {_shown(fields)}")
    for entry, one in entries.items():
        if rejection := refused.get(entry):
            report.faults += _faults_of(one, rejection)
    report.rejected += len(refused)
    report.taken += len(cases) - len(refused) - len(stuck)
    report.faults += _not_for_everybody(client)


def _take_all(client: Redis, store: Store) -> None:
    """Run until no entry is new: an entry that raised stays pending, and the log reports it."""
    account = Account(sender="a@pec.example", username="a", password=SecretStr("x"), token=SecretStr("t"))
    settings = Settings(accounts={ACCOUNT: account})
    intake = Consumer(WorkerContext(settings, store, PecClient(settings.api)), secrets.token_hex(4))
    while client.xlen("pec:jobs") > _pending(client):
        intake.step()


def _pending(client: Redis) -> int:
    found: Any = client.xinfo_groups("pec:jobs") if client.exists("pec:jobs") else []
    return sum(int(group["pending"]) for group in found)


def _faults_of(one: Case, rejection: dict[bytes, bytes]) -> list[str]:
    errors = json.loads(rejection[b"errors"])
    faults = []
    if one.valid:
        faults.append(f"refused, though valid: {_shown(one.fields)}: {errors}")
    if not errors or not all(error["field"] and error["reason"] for error in errors):
        faults.append(f"without field or reason ({one.how}): {_shown(one.fields)}: {errors}")
    if len(rejection[b"errors"]) > 200_000 or len(rejection[b"job"]) > 1000:
        faults.append(f"too long a rejection ({one.how}): {_shown(one.fields)}")
    return faults


def _not_for_everybody(client: Redis) -> list[str]:
    """Events that a strict reader of JSON or UTF-8 refuses."""
    events: Any = client.xrange("pec:events")
    faults = []
    for _, fields in events:
        try:
            json.loads(fields[b"event"].decode("utf-8"), parse_constant=_no_json)
        except ValueError as error:
            faults.append(f"an event that is not JSON ({error}): {_shown(fields)}")
    for key in client.scan_iter("pec:message:*", count=1000):
        stored: Any = client.hget(key, "metadata") or b"{}"
        try:
            json.loads(stored.decode("utf-8"), parse_constant=_no_json)
        except ValueError as error:
            faults.append(f"metadata that are not JSON ({error}): {stored[:200]!r}")
    return faults


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _shown(fields: Any) -> str:
    return str(fields)[:400]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=100_000)
    asked = parser.parse_args()
    began = time.monotonic()
    with EmbeddedServer() as server:
        report = run(server.url, asked.seed, asked.jobs)
    said = [
        f"seed {asked.seed}: {asked.jobs} jobs in {time.monotonic() - began:.0f} s",
        f"taken {report.taken}, rejected {report.rejected}; {report.memory}",
        ", ".join(f"{how} {times}" for how, times in report.kinds.most_common()),
        *sorted(report.faults)[:: max(1, len(report.faults) // 20)],
        f"{len(report.faults)} faults",
    ]
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(1 if report.faults or report.memory.growth > MAX_GROWTH else 0)


if __name__ == "__main__":
    main()
