"""Clients of the gateway's benchmark, in a process of their own: threads that post, each over its own connection."""

import base64
import hashlib
import http.client
import json
import queue
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.site import address

ACCOUNT = "a0"
MANY = 1000  # messages of one call
FILE_BYTES = 300_000
TEXT = "<p>Gentile cliente, in allegato la comunicazione.</p>"
Body = tuple[str, str, dict[str, str], list[bytes]]  # method, path, headers, parts


@dataclass(frozen=True, slots=True)
class Scenario:
    """`rate`: requests a second, each at its time; 0: as fast as they are answered."""

    kind: str
    count: int
    threads: int
    rate: float = 0
    size: int = 0

    def arguments(self) -> list[str]:
        return [self.kind, str(self.count), str(self.threads), str(self.rate), str(self.size)]


def _send(scenario: Scenario) -> Iterator[Body]:
    """Yield requests in the vendor's form, each with a file of its own."""
    shared = base64.b64encode(secrets.token_bytes(FILE_BYTES - 12))
    for number in range(scenario.count):
        job = {
            "sender": address(ACCOUNT),
            "recipient": f"r{number}@pec.example",
            "subject": f"Comunicazione n. {number}",
            "body": TEXT,
            "username": address(ACCOUNT),
            "password": "bench",
            "attachments": [{"name": "fattura.pdf", "file": base64.b64encode(b"%012d" % number).decode()}],
        }
        head, tail = json.dumps(job).encode()[:-4], b'"}]}'
        headers = {"Content-Type": "application/json", "Content-Length": str(len(head + shared + tail))}
        yield "POST", "/send", headers, [head, shared, tail]


def _many(scenario: Scenario) -> Iterator[Body]:
    headers = {"Content-Type": "application/x-ndjson"}
    for number in range(scenario.count):
        lines = [json.dumps(_job(number * MANY + one)).encode() for one in range(MANY)]
        yield "POST", "/v1/messages/batch", headers | {"Idempotency-Key": f"k-{number}"}, [b"\n".join(lines)]


def _upload(scenario: Scenario) -> Iterator[Body]:
    shared = secrets.token_bytes(scenario.size - 12)
    begun = hashlib.sha256(shared)
    for number in range(scenario.count):
        digest, own = begun.copy(), b"%012d" % number
        digest.update(own)
        yield (
            "PUT",
            f"/v1/uploads/{digest.hexdigest()}",
            {"Content-Length": str(scenario.size)},
            [shared, own],
        )


def _job(number: int) -> dict[str, str]:
    return {
        "id": f"m{number}",
        "account": ACCOUNT,
        "recipient": f"r{number}@pec.example",
        "subject": f"Comunicazione n. {number}",
        "body": TEXT,
    }


_BODIES: dict[str, Callable[[Scenario], Iterator[Body]]] = {"send": _send, "many": _many, "upload": _upload}


class _Clients:
    """Threads that take requests from one queue and note how long each took, from when it was due."""

    def __init__(self, url: str, token: str, threads: int) -> None:
        place = urlsplit(url)
        self._address = place.hostname or "", place.port or 0
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._waiting: queue.Queue[tuple[float, Body] | None] = queue.Queue(2 * threads)
        self.seconds: list[float] = []
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]

    def run(self, bodies: list[Body], rate: float) -> float:
        """Return the seconds from the first request to the last answer."""
        for thread in self._threads:
            thread.start()
        since = time.monotonic()
        for number, body in enumerate(bodies):
            due = since + number / rate if rate else 0.0
            time.sleep(max(0.0, due - time.monotonic()))
            self._waiting.put((due, body))
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        return time.monotonic() - since

    def _work(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=120)
        while taken := self._waiting.get():
            due, (method, path, headers, parts) = taken
            began = due or time.monotonic()
            try:
                connection.request(
                    method, path, iter(parts) if len(parts) > 1 else parts[0], self._bearer | headers
                )
                answer = connection.getresponse()
                text = answer.read()
            except OSError as error:
                self.refused.append(repr(error))
                continue
            self.seconds.append(time.monotonic() - began)
            if answer.status not in (201, 202):
                self.refused.append(f"{answer.status} {text[:200]!r}")


def _producer(url: str, count: int, *, many: bool) -> float:
    """Return the seconds in which the Python API adds messages: one by one with a file each, or many at once."""
    from producers import Producer

    shared = secrets.token_bytes(FILE_BYTES - 12)
    with Producer(url) as producer:
        producer.store.client.ping()
        since = time.perf_counter()
        if many:
            for first in range(0, count, MANY):
                producer.send_many(_job(number) for number in range(first, first + MANY))
        else:
            for number in range(count):
                file = "fattura.pdf", b"%012d" % number + shared
                producer.send(f"m{number}", ACCOUNT, f"r{number}@pec.example", "Comunicazione", TEXT, [file])
        return time.perf_counter() - since


def _main(url: str, token: str, kind: str, count: str, *more: str) -> None:
    if kind == "producer":
        print(_producer(url, int(count), many=more[0] == "many"))
        return
    threads, rate, size = int(more[0]), float(more[1]), int(more[2])
    scenario = Scenario(kind, int(count), threads, rate, size)
    bodies = list(_BODIES[kind](scenario))
    clients = _Clients(url, token, threads)
    elapsed = clients.run(bodies, rate)
    if clients.refused:
        raise SystemExit(f"{len(clients.refused)} were refused: {clients.refused[0]}")
    print(json.dumps({"seconds": clients.seconds, "elapsed": elapsed}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
