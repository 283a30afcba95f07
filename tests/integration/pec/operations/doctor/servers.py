"""Servers with chosen options, for the checks of doctor."""

import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis as redis_errors
from redis import Redis

from sandbox.redis_server import server_program
from tests.unit.deploy.compose import ROOT
from tests.wire import eventually


@contextmanager
def running(folder: Path, *options: str, file_limit: int | None = None) -> Iterator[str]:
    """A server with these options; gives its URL. `file_limit`: the disk is full after so many bytes of a file."""
    socket = folder / "s"
    folder.mkdir(exist_ok=True)

    def limit() -> None:
        if file_limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    command = [server_program(), "--dir", str(folder), "--port", "0", "--unixsocket", str(socket), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit, restore_signals=False
    )
    url = f"unix://{socket}?db=0"
    try:
        eventually(lambda: process.poll() is not None or _answers(url))
        yield url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except redis_errors.AuthenticationError:  # it wants a password
        return True
    except redis_errors.RedisError:
        return False


def advised() -> list[str]:
    """The options of a server as docs/operations.md wants it."""
    needs = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("## Deploy")[0]
    directives = dict(re.findall(r"^ *\| `([a-z-]+) (\w+)`", needs, re.MULTILINE))
    assert {"appendonly", "appendfsync", "maxmemory-policy"} <= set(directives)
    return [part for name, value in directives.items() for part in (f"--{name}", value)]
