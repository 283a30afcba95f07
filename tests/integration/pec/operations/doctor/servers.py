"""Servers with chosen options, for the checks of doctor."""

import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import redis as redis_errors
from redis import Redis

from sandbox.redis_server import server_program
from tests.unit.deploy.compose import ROOT
from tests.wire import eventually, free_port


@contextmanager
def running(
    folder: Path, *options: str, file_limit: int | None = None, program: tuple[str, ...] = ()
) -> Iterator[str]:
    """A server with these options; gives its URL. `file_limit`: the disk is full after so many bytes of a file.

    `program`: what stands before all options, such as the file and the mode of a Sentinel.
    """
    socket = folder / "s"
    folder.mkdir(exist_ok=True)

    def limit() -> None:
        if file_limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    command = [server_program(), *program, "--dir", str(folder), "--unixsocket", str(socket), *options]
    if not program:
        command += ["--port", "0"] if "--port" not in options else []
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


@contextmanager
def sentinel(folder: Path) -> Iterator[str]:
    """A Sentinel, which names a primary; gives its URL."""
    rules = folder / "sentinel.conf"
    rules.write_text("sentinel monitor pec 127.0.0.1 1 1\n")
    port = free_port()
    with running(folder, program=(str(rules), "--sentinel", "--port", str(port))):
        yield f"redis://127.0.0.1:{port}/0"


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


@contextmanager
def refusing(refusal: str) -> Iterator[str]:
    """A server that answers every command with this line; gives its URL."""

    class Refuser(StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().startswith(b"*"):
                for _ in range(2):
                    self.rfile.readline()
                self.wfile.write(refusal.encode() + b"\r\n")
                break  # like protected mode: one answer, and the end

    with ThreadingTCPServer(("127.0.0.1", 0), Refuser) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()
