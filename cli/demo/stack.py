"""The demo's processes: an embedded server, the sandbox, two workers, and a console for a person."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo.plan import ACCOUNTS
from config.texts import _
from sandbox.redis_server import EmbeddedServer

HOUR_SECONDS = 0.2  # how long an hour lasts in the demo
START_SECONDS = 30.0
STOP_SECONDS = 15.0
TOKEN = "sandbox-token"  # noqa: S105 - opens the sandbox, nothing else
SECRET = "whsec_ZGVtbyBzZWNyZXQgb2YgcGVjIG1hc3NpdmEuLi4="  # noqa: S105 - the same


class StackError(Exception):
    """A process of the demo did not start. The text ends with its last output."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The addresses of the demo's servers while it runs, and the settings of its workers."""

    redis_url: str
    sandbox_url: str
    settings: Mapping[str, str]
    console_url: str  # empty without a console


@contextmanager
def start_stack(folder: Path, webhook_url: str, *, with_console: bool) -> Iterator[Stack]:
    """Start all processes, and stop them at the end.

    Raise StackError or EmbeddedServerError if one does not start.
    """
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(folder / "redis"))
        ready, anchors = folder / "sandbox.url", folder / "sandbox-ca.pem"
        options = ["--port", "0", "--ready-file", str(ready), "--hour", str(HOUR_SECONDS)]
        options += ["--imap-port", "0", "--anchor-file", str(anchors)]
        mailboxes = [
            part for name, mailbox in ACCOUNTS.items() for part in ("--mailbox", f"{mailbox}:{name}:demo")
        ]
        sandbox = stack.enter_context(_process("sandbox", [*options, *mailboxes], folder))
        sandbox_url, imap_url = _wait_for_file(ready, sandbox, folder / "sandbox.log").split()
        settings = {
            **_environment(server.url, sandbox_url, webhook_url, imap_url.rpartition(":")[2]),
            "PEC_ARCHIVE__URL": str(folder / "archive"),
            "PEC_ARCHIVE__ANCHORS": str(anchors),
            "PEC_CONSOLE__FOLDER": str(folder / "console"),
        }
        stack.enter_context(_process("workers", ["--processes", "2"], folder, settings))
        console_url = stack.enter_context(_console(folder, settings)) if with_console else ""
        yield Stack(server.url, sandbox_url, settings, console_url)


@contextmanager
def _console(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    ready = folder / "console.url"
    options = ["--port", "0", "--ready-file", str(ready)]
    with _process("console", options, folder, settings) as process:
        yield _wait_for_file(ready, process, folder / "console.log")


def _environment(redis_url: str, sandbox_url: str, webhook_url: str, imap_port: str) -> dict[str, str]:
    """Return the workers' settings: a real operator's, with hours shortened."""
    settings = {
        "PEC_REDIS_URL": redis_url,
        "PEC_API__URL": sandbox_url,
        "PEC_API__TOKEN": TOKEN,
        "PEC_API__TIMEOUT_SECONDS": "2",
        "PEC_RECEIPTS__BACKOFF_SECONDS": "[0.5, 1]",
        "PEC_RECEIPTS__DEADLINE_SECONDS": "15",
        "PEC_RECEIPTS__WARNING_AGE_SECONDS": str(22 * HOUR_SECONDS),
        "PEC_UNCERTAIN__LOOKUP_SECONDS": "[1, 2, 3]",
        "PEC_LEASE_SECONDS": "10",
        "PEC_WEBHOOKS__ALLOW_PRIVATE": "true",
        "PEC_WEBHOOKS__ENDPOINTS": json.dumps([{"name": "demo", "url": webhook_url, "secret": SECRET}]),
    }
    for name, mailbox in ACCOUNTS.items():
        settings[f"PEC_ACCOUNTS__{name.upper()}__SENDER"] = mailbox
        settings[f"PEC_ACCOUNTS__{name.upper()}__USERNAME"] = name
        settings[f"PEC_ACCOUNTS__{name.upper()}__PASSWORD"] = "demo"
        settings[f"PEC_ACCOUNTS__{name.upper()}__IMAP__HOST"] = "127.0.0.1"
        settings[f"PEC_ACCOUNTS__{name.upper()}__IMAP__PORT"] = imap_port
        settings[f"PEC_ACCOUNTS__{name.upper()}__IMAP__TLS"] = "false"
    return settings


@contextmanager
def _process(
    module: str, options: list[str], folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m <module>`, away from the caller's settings and `pec.toml`; its output goes to a log."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PEC_")}
    with (folder / f"{module}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", module, *options],
            cwd=folder,
            env={**environment, **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_file(path: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if path.exists() and (text := path.read_text(encoding="utf-8").strip()):
            return text
        if process.poll() is not None:
            break
        time.sleep(0.05)  # a file has no signal to wait for
    text = _("the {part} did not start: {log}")
    raise StackError(text.format(part=log.stem, log=log.read_text(encoding="utf-8")[-500:]))
