"""Puts jobs in, as an app would: `python -m bench.peers.produce KIND ACTOR COUNT FIRST`. Prints the seconds."""

import asyncio
import importlib
import sys
import time
from typing import Any

MODULES = {
    "dramatiq": "bench.peers.plain_dramatiq",
    "celery": "bench.peers.celery_app",
    "taskiq": "bench.peers.taskiq_app",
}
METHODS = {"dramatiq": "send", "celery": "delay"}


def main(kind: str, actor: str, count: str, first: str) -> None:
    module = importlib.import_module(MODULES[kind])
    numbers = range(int(first), int(first) + int(count))
    if kind == "taskiq":
        print(asyncio.run(_kick(module, actor, numbers)))
        return
    found = getattr(module, actor)
    started = time.perf_counter()
    if hasattr(found, "bulk"):
        found.bulk(int(count))
    else:
        for number in numbers:
            getattr(found, METHODS[kind])(number)
    print(time.perf_counter() - started)


async def _kick(module: Any, task: str, numbers: range) -> float:
    """taskiq's client runs on a loop, and its broker is started first."""
    await module.broker.startup()
    started = time.perf_counter()
    for number in numbers:
        await getattr(module, task).kiq(number)
    seconds = time.perf_counter() - started
    await module.broker.shutdown()
    return seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
