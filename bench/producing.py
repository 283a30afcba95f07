"""Producing: messages that one process puts in a second, and what each takes in Redis, waiting and once taken."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.figures import Figure, Outcome, middle
from bench.peers.running import PEERS, running
from bench.site import ROOT, Site, fake_api, site, until

COUNT, RUNS = 100_000, 3
TAKEN = 10_000  # as many are taken by workers, to see what a record weighs
PEERS_COUNT = 10_000
BODY_BYTES, ATTACHMENT_BYTES = 20_000, 200_000
PAUSED = {"PEC_API__RATE": "0.001"}  # sends nothing to speak of


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, taken, runs = (2_000, 500, 1) if quick else (COUNT, TAKEN, RUNS)
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder))
        made = stack.enter_context(site(folder / "ours", api))
        rates = [count / _produce(made, count) for _ in range(runs - 1)]
        made.client.flushall()
        rates.append(count / _produce(made, count))
        in_stream = _bytes_in_stream(made, count)
        made.client.flushall()
        record = _bytes_of_records(stack, made, taken)
        peers, many = {}, 500 if quick else PEERS_COUNT
        for peer in PEERS[1:]:
            other = stack.enter_context(site(folder / peer.kind, api))
            before = other.client.info("memory")["used_memory"]
            seconds = running(peer, other, "token").produce("send", many)
            peers[peer.kind.capitalize()] = (
                many / seconds,
                (other.client.info("memory")["used_memory"] - before) / many,
            )
    shared = "a body of 20 KB and an attachment of 200 KB"
    note = f"one process; {count:,} messages share {shared}; peers put in {many:,} numbers alone"
    return Outcome(
        [
            Figure(
                "send_many, messages acknowledged a second",
                "messages/s",
                middle(rates),
                {name: rate for name, (rate, _) in peers.items()},
                "≥ 15,000",
                rates,
                note=note,
            ),
            Figure(
                "bytes a message in the stream",
                "bytes",
                in_stream,
                {name: weight for name, (_, weight) in peers.items()},
                better="less",
            ),
            Figure(
                "bytes a record once taken, beyond shared content",
                "bytes",
                record,
                target="≤ 1,000",
                better="less",
                note="with `hash-max-listpack-value 1024`, as [docs/operations.md](operations.md) says",
            ),
        ]
    )


def _produce(made: Site, count: int) -> float:
    """Seconds that a process took. Its own start is left out."""
    command = [sys.executable, "-m", "bench.producing", made.server.url, str(count)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _bytes_in_stream(made: Site, count: int) -> float:
    size: Any = made.client.memory_usage("pec:jobs", samples=0)
    return int(size) / count


def _bytes_of_records(stack: ExitStack, made: Site, count: int) -> float:
    """Growth of the data set from an empty stream to records, without what the workers' own keys take."""
    with made.workers({"a0": "token"}, PAUSED):
        before, events = _data(made), _events(made)
        _produce(made, count)
        until(lambda: _queued(made) >= count - 2 and not made.client.xlen("pec:jobs"), "jobs are taken", 300)
        content = BODY_BYTES + ATTACHMENT_BYTES
        uploads = 2 * content  # what the producer put stays for seven days
        return (_data(made) - before - (_events(made) - events) - uploads) / count


def _queued(made: Site) -> int:
    return int(made.client.zcard("pec:state:queued"))  # type: ignore[arg-type]  # redis-py types replies as awaitable


def _data(made: Site) -> int:
    return int(made.client.info("memory")["used_memory_dataset"])


def _events(made: Site) -> int:
    """Bytes of the stream of events and of its deliveries: they are removed when they are delivered or old."""
    found: list[Any] = [
        made.client.memory_usage(key, samples=0) for key in ("pec:events", "pec:deliveries:crm")
    ]
    return sum(int(one or 0) for one in found)


def _main(url: str, count: int) -> None:
    from producers import Producer

    body, attachment = "è" * (BODY_BYTES // 2), ("circolare.pdf", bytes(ATTACHMENT_BYTES))
    jobs = (
        {
            "id": f"m{number}",
            "account": "a0",
            "recipient": f"r{number}@pec.example",
            "subject": f"Comunicazione n. {number}",
            "body": body,
            "attachments": [attachment],
            "batch": "campaign",
        }
        for number in range(count)
    )
    with Producer(url) as producer:
        producer.store.client.ping()
        started = time.perf_counter()
        producer.send_many(jobs)
        print(time.perf_counter() - started)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
