"""Puts jobs in, as an app would: `python -m bench.peers.produce KIND ACTOR COUNT FIRST`. Prints the seconds."""

import importlib
import sys
import time

PEERS = {"dramatiq": ("bench.peers.plain_dramatiq", "send"), "celery": ("bench.peers.celery_app", "delay")}


def main(kind: str, actor: str, count: str, first: str) -> None:
    module, method = PEERS[kind]
    found = getattr(importlib.import_module(module), actor)
    started = time.perf_counter()
    if hasattr(found, "bulk"):
        found.bulk(int(count))
    else:
        for number in range(int(first), int(first) + int(count)):
            getattr(found, method)(number)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
