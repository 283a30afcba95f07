"""A site as an operator runs it, for acceptance tests: a sandbox and worker processes beside a real server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from redis import Redis

MAILBOX = "acme@pec.example"
PASSWORD = "hunter2-is-a-secret"
TOKEN = "token-is-a-secret"
ENDS = ("delivered", "undelivered", "refused", "uncertified", "expired", "failed", "cancelled")


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return the condition's value once it is true. Fail the test if that takes too long."""
    ends = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)  # of processes, which have no signal to wait for
    return found


class Site:
    """Jobs go in by plain XADD; what was really sent is read from the sandbox's ledger."""

    def __init__(self, client: Redis, redis_url: str, folder: Path, sandbox_url: str, rate: float) -> None:
        self._client = client
        self._folder = folder
        self.sandbox_url = sandbox_url
        self.imap_port = ""  # of the sandbox's IMAP door, if its options ask for one
        self._settings = {
            "PEC_REDIS_URL": redis_url,
            "PEC_API__URL": sandbox_url,
            "PEC_API__TOKEN": TOKEN,
            "PEC_API__RATE": str(rate),
            "PEC_API__TIMEOUT_SECONDS": "2",
            "PEC_ACCOUNTS__ACME__SENDER": MAILBOX,
            "PEC_ACCOUNTS__ACME__USERNAME": "acme",
            "PEC_ACCOUNTS__ACME__PASSWORD": PASSWORD,
            "PEC_RECEIPTS__BACKOFF_SECONDS": "[0.3, 0.5]",
            "PEC_RECEIPTS__PAGE_INTERVAL_SECONDS": "0.5",
            "PEC_UNCERTAIN__LOOKUP_SECONDS": "[1, 2, 3]",
            "PEC_LEASE_SECONDS": "3",
            "PEC_LOG_LEVEL": "debug",
        }
        self.log = folder / "workers.log"

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment of its workers, for commands beside them."""
        return self._settings

    def add(self, **job: Any) -> str:
        return self.add_raw(json.dumps({"type": "send", "account": "acme", "body": "<p>Salve</p>", **job}))

    def add_raw(self, job: str | bytes) -> str:
        entry: Any = self._client.xadd("pec:jobs", {"job": job})
        return str(entry.decode())

    def message(self, message_id: str) -> dict[str, str]:
        stored: Any = self._client.hgetall(f"pec:message:{message_id}")
        return {name.decode(): value.decode() for name, value in stored.items()}

    def state(self, message_id: str) -> str:
        return self.message(message_id).get("state", "")

    def rejection(self, entry: str) -> dict[str, str]:
        """The entry of pec:rejected for a job, once it is there."""

        def found() -> dict[str, str] | None:
            stored: Any = self._client.xrange("pec:rejected")
            for _, fields in stored:
                if fields[b"entry"].decode() == entry:
                    return {name.decode(): value.decode() for name, value in fields.items()}
            return None

        rejected: dict[str, str] = eventually(found)
        return rejected

    def sent(self) -> list[Mapping[str, Any]]:
        found: Any = requests.get(f"{self.sandbox_url}/_sandbox/sent", timeout=30).json()
        return list(found)

    @contextmanager
    def workers(
        self, processes: int = 2, program: Sequence[str] = ("workers",), **settings: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """`python -m workers`, or another program, in a process group of its own, with more settings.

        At the end they are killed, which takes no time.
        """
        self._client.delete("pec:seen:queue")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *program, "--processes", str(processes)],
                cwd=self._folder,
                env={**os.environ, **self._settings, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            eventually(lambda: self._client.zcard("pec:seen:queue"))
            yield process
        finally:
            self.kill(process)

    @contextmanager
    def drained_workers(
        self, processes: int = 2, program: Sequence[str] = ("workers",), **settings: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """The same, which finish the work in hand before they end."""
        with self.workers(processes, program, **settings) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(30)

    @contextmanager
    def gateway(self, processes: int = 1) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
        """`pec gateway` on a free port: its URL and its process."""
        command = [sys.executable, "-m", "cli", "gateway", "--port", "0", "--workers", str(processes)]
        environment = {**os.environ, **self._settings}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield process.stdout.readline().strip(), process
            finally:
                process.terminate()
                process.wait(30)

    @staticmethod
    def kill(process: "subprocess.Popen[bytes]") -> None:
        """SIGKILL to the master and all worker processes at once: the machine is gone."""
        with suppress(ProcessLookupError):  # they have ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextmanager
def site(
    client: Redis, redis_url: str, folder: Path, rate: float = 20, options: Sequence[str] = ()
) -> Iterator[Site]:
    """A sandbox of this rate with more options, and nothing else yet."""
    ready = folder / "sandbox.url"
    command = ["--port", "0", "--ready-file", str(ready), "--rate", str(rate), "--token", TOKEN]
    command += ["--acceptance-delay", "0.1", "--delivery-delay", "0.3", "--hour", "0.1"]
    command += ["--mailbox", f"{MAILBOX}:acme:{PASSWORD}", *options]
    with ExitStack() as stack:
        log = stack.enter_context((folder / "sandbox.log").open("wb"))
        sandbox = subprocess.Popen([sys.executable, "-m", "sandbox", *command], stdout=log, stderr=log)
        stack.callback(sandbox.wait, 10)
        stack.callback(sandbox.terminate)
        url, *doors = eventually(lambda: ready.exists() and ready.read_text(encoding="utf-8").split())
        found = Site(client, redis_url, folder, url, rate)
        found.imap_port = doors[0].rpartition(":")[2] if doors else ""
        yield found
