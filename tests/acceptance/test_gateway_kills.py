"""Requests of both surfaces, repeated at random while gateway, workers and Redis are killed: each is one PEC."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from config.redis_connection import connect
from pec.content import sha256
from pec.operations.people.tokens import create_token
from pec.store.store import Store
from pec.tokens import SCOPES
from sandbox.redis_server import EmbeddedServer, _free_port
from tests.acceptance.site import ENDS, MAILBOX, PASSWORD, Site, eventually, site

REQUESTS, CLIENTS = 36, 6
SETTLE_SECONDS = 120.0
THREADS = 4  # of the worker that is killed: each may have a message in hand
Call = Callable[[float], requests.Response]


class Programs:
    """Clients that repeat each request until it is accepted, give up waiting at random, and repeat it once more."""

    def __init__(self, url: str, token: str, chance: random.Random) -> None:
        self._url = url
        self._token = token
        self._chance = chance
        self.to_cancel: list[str] = []
        self._waiting = [self._request(number) for number in range(REQUESTS)]
        self.recipients: list[str] = [one for _, named in self._waiting for one in named]
        self.codes: dict[int, set[str]] = {}
        self.unexpected: list[str] = []
        self.over = threading.Event()  # nothing is killed any more

    def run(self) -> None:
        seeds = [self._chance.random() for _ in range(CLIENTS)]
        threads = [threading.Thread(target=self._work, args=(n, seed)) for n, seed in enumerate(seeds)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SETTLE_SECONDS)
        assert not any(thread.is_alive() for thread in threads), "a request was never accepted"

    def _work(self, own: int, seed: float) -> None:
        chance = random.Random(seed)
        numbers = range(own, REQUESTS, CLIENTS)
        for number in itertools.chain(numbers, self._at_random(numbers, chance)):
            call, _ = self._waiting[number]
            self._accepted(number, call, chance)
            time.sleep(chance.uniform(0, 0.3))  # so that all kinds of requests are on their way at each kill
            if chance.random() < 0.3:  # two at once
                again = [
                    threading.Thread(target=self._accepted, args=(number, call, chance)) for _ in range(2)
                ]
                for thread in again:
                    thread.start()
                for thread in again:
                    thread.join()

    def _at_random(self, numbers: range, chance: random.Random) -> Iterator[int]:
        while not self.over.is_set():
            yield chance.choice(numbers)

    def _accepted(self, number: int, call: Call, chance: random.Random) -> None:
        ends = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < ends:
            with suppress(requests.RequestException):
                answer = call(chance.choice((0.02, 0.2, 10.0)))
                if answer.status_code in (201, 202):
                    self.codes.setdefault(number, set()).add(answer.text)
                    return
                if answer.status_code not in (429, 503):
                    self.unexpected.append(f"{number}: {answer.status_code} {answer.text[:200]}")
                    return
            time.sleep(chance.uniform(0.02, 0.2))  # as a client that tries again

    def _request(self, number: int) -> tuple[Call, list[str]]:
        """Return the call of a request, by the way that programs of its kind repeat it, and whom it reaches."""
        kind = number % 9
        names = [f"consegna+{number}.{one}@pec.example" for one in range(3 if kind in (1, 4, 5, 6) else 1)]
        message = {"account": "acme", "subject": f"Diffida n. {number}", "body": "<p>Salve</p>"}
        vendor = {
            "sender": MAILBOX,
            "recipient": names if len(names) > 1 else names[0],
            "subject": f"Diffida n. {number}",
            "body": "<p>Salve</p>" * (200 if number % 2 else 1),
            "username": "acme",
            "password": PASSWORD,
        }
        key = {"Idempotency-Key": f"k-{number}"}
        lines = [{**message, "recipient": name, "id": f"m-{number}-{name[-13]}"} for name in names]
        unnamed = [{**one, "id": None} for one in lines]
        match kind:
            case 0 | 1:
                return self._call("/send", vendor), names
            case 2:
                return self._call("/send", vendor, key), names
            case 3:
                return self._call(
                    "/v1/messages", {**message, "recipient": names[0], "id": f"m-{number}"}
                ), names
            case 4:
                return self._call("/v1/messages/batch", {"messages": lines}), names
            case 5:
                return self._call("/v1/messages/batch", {"messages": unnamed}, key), names
            case 6:
                by_lines = "\n".join(map(json.dumps, lines)).encode()
                return self._call(
                    "/v1/messages/batch", by_lines, {"Content-Type": "application/x-ndjson"}
                ), names
            case 7:
                return self._with_an_upload({**message, "recipient": names[0]}, key), names
        self.to_cancel += names
        return self._cancelled({**message, "recipient": names[0], "id": f"m-{number}"}), names

    def _with_an_upload(self, message: dict[str, Any], key: dict[str, str]) -> Call:
        """Return a call that uploads a file, and then sends a message that names it."""
        file = message["recipient"].encode() * 1000
        digest = sha256(file)
        upload = self._call(f"/v1/uploads/{digest}", file, method="PUT")
        send = self._call("/v1/messages", {**message, "attachments": [{"name": "a", "sha256": digest}]}, key)

        def both(timeout: float) -> requests.Response:
            uploaded = upload(timeout)
            return send(timeout) if uploaded.status_code == 201 else uploaded

        return both

    def _cancelled(self, message: dict[str, Any]) -> Call:
        """Return a call that sends a message for later, and then cancels it. It gives the answer to the message."""
        send = self._call("/v1/messages", {**message, "not_before": "2099-01-01T00:00:00Z"})
        cancel = self._call(f"/v1/messages/acme:{message['id']}/cancel", {})

        def both(timeout: float) -> requests.Response:
            accepted = send(timeout)
            answer = cancel(timeout) if accepted.status_code == 202 else accepted
            return accepted if answer.status_code == 409 or answer.ok else answer  # 409: it is cancelled

        return both

    def _call(
        self, path: str, body: Any, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Call:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        stated = {"data": body} if isinstance(body, bytes) else {"json": body}
        return lambda timeout: requests.request(
            method, self._url + path, headers=sent, timeout=timeout, **stated
        )


class Running:
    """Gateway, workers and Redis, each of which can be killed and started again."""

    def __init__(self, server: EmbeddedServer, found: Site, port: int) -> None:
        self._server = server
        self._found = found
        self._port = port
        self._workers = ExitStack()
        self._gateway: subprocess.Popen[bytes] | None = None

    def kill(self, what: str) -> None:
        match what:
            case "redis":
                self._server.kill()
                self._server.start()
            case "workers":
                self._workers.close()
                self._workers.enter_context(self._found.workers(1, ("workers", "--threads", str(THREADS))))
            case "gateway":
                self._start_gateway()

    @contextmanager
    def everything(self) -> Iterator[None]:
        try:
            self._start_gateway()
            self._workers.enter_context(self._found.workers(1, ("workers", "--threads", str(THREADS))))
            yield
        finally:
            self._workers.close()
            self._end_gateway()

    def _start_gateway(self) -> None:
        self._end_gateway()
        command = [sys.executable, "-m", "cli", "gateway", "--port", str(self._port), "--workers", "1"]
        environment = {**os.environ, **self._found.settings}
        self._gateway = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def _end_gateway(self) -> None:
        if self._gateway:
            os.killpg(self._gateway.pid, signal.SIGKILL)
            self._gateway.wait(10)
            self._gateway = None


@pytest.fixture
def own() -> Iterator[EmbeddedServer]:
    """A server of this test's own, to be killed."""
    with EmbeddedServer() as server:
        yield server


def test_each_accepted_request_is_one_pec_whatever_is_killed_and_whenever(
    own: EmbeddedServer, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    chance, port = random.Random(seed), _free_port()
    victims = ["gateway", "redis", "workers", "redis"]
    chance.shuffle(victims)
    with connect(own.url) as client, site(client, own.url, tmp_path, rate=100) as found:
        token = create_token(
            Store(client, "pec"), "kills", SCOPES, ["acme"], rate=10_000, expires_at=None, actor="test"
        )
        running = Running(own, found, port)
        programs = Programs(f"http://127.0.0.1:{port}", token.text, chance)
        with running.everything():
            clients = threading.Thread(target=programs.run)
            clients.start()
            for victim in victims:
                time.sleep(chance.uniform(0.2, 0.8))  # at any moment
                running.kill(victim)
            programs.over.set()
            clients.join(2 * SETTLE_SECONDS)

            made = eventually(lambda: settled(client, len(programs.recipients)), SETTLE_SECONDS)
            sent = Counter(address for one in found.sent() for address in one["recipients"])

    said = f"seed {seed}, killed {victims}"
    assert programs.unexpected == [], said
    assert sorted(made) == sorted(programs.recipients), said
    unsent = ("held", "cancelled")
    assert [name for name, state in made.items() if sent[name] != (0 if state in unsent else 1)] == [], said
    assert sorted(name for name, state in made.items() if state == "cancelled") == sorted(
        programs.to_cancel
    ), said
    assert sum(state == "held" for state in made.values()) <= THREADS, said
    assert {number: len(answers) for number, answers in programs.codes.items() if len(answers) > 1} == {}, (
        said
    )


def settled(client: Redis, count: int) -> dict[str, str] | None:
    """Return the state of the message to each recipient once all have ended, or wait for an operator."""
    states: dict[str, str] = {}
    for key in client.scan_iter("pec:message:*", count=1000):
        stored: Any = client.hmget(key, "recipient", "state")
        recipient = stored[0].decode()
        assert recipient not in states, f"two messages to {recipient}"
        states[recipient] = stored[1].decode()
    is_over = len(states) >= count and client.xlen("pec:jobs") == 0
    return states if is_over and set(states.values()) <= {*ENDS, "held"} else None
