"""The services of docker-compose.yml as processes: their own commands, environment and health checks.

Only what a container would have had of its own is translated: addresses, ports, paths and the folder of programs.
"""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sandbox.redis_server import server_program
from tests.acceptance.image import Image
from tests.unit.deploy.compose import DEMO, ROOT, SECRETS, compose, environment, seconds
from tests.wire import free_port

METRICS = "0.0.0.0:9464"
CHECK_SECONDS = 30  # what a check may take here, where two processors do everything
PING = """\
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as server:
    server.sendall(b"PING\\r\\n")
    sys.exit(server.recv(5) != b"+PONG")
"""  # of `valkey-cli -p PORT -e ping`, which Redis's image has and a machine may lack

Process = subprocess.Popen[bytes]


class Containers:
    """A site from the newcomer's line, `SITE=demo docker compose --profile demo up`, service by service."""

    def __init__(self, image: Image, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._site = compose(DEMO)
        self._redis_port, self._metrics_port, sandbox_port = free_port(), free_port(), free_port()
        self.redis_url = f"redis://127.0.0.1:{self._redis_port}/0"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self._words = {
            "0.0.0.0": "127.0.0.1",
            "8025": str(sandbox_port),
            "/var/lib/pec/archive": str(folder / "archive"),
        }
        self._addresses = {
            "redis:6379": f"127.0.0.1:{self._redis_port}",
            "sandbox:8025": f"127.0.0.1:{sandbox_port}",
            "127.0.0.1:8025": f"127.0.0.1:{sandbox_port}",
        }
        redis_programs = folder / "bin"
        self._path = os.pathsep.join([str(redis_programs), str(image.programs), os.defpath])
        _provide_redis(redis_programs, image)

    @property
    def metrics_url(self) -> str:
        """Return the log of the container that was started last."""
        return f"http://127.0.0.1:{self._metrics_port}/metrics"

    def start(self, name: str) -> Process:
        """A container of the service. It has a session of its own, as it would have its own processes."""
        self._metrics_port = free_port()  # a container has the port of the metrics to itself
        command = self._service(name)["command"]
        words = command if isinstance(command, list) else ["pec", *shlex.split(command)]
        if name == "redis":
            words = [*words, "--port", str(self._redis_port), "--dir", str(self._folder)]
        log = self._stack.enter_context((self._folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [self._translate(word) for word in words],
            env=self._environment(name),
            executable=shutil.which(words[0], path=self._path),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._stack.callback(process.wait, 10)
        self._stack.callback(kill, process)
        return process

    def is_healthy(self, name: str) -> bool:
        """The service's own check, as it would run inside its container."""
        kind, *words = self._service(name)["healthcheck"]["test"]
        assert kind == "CMD"
        if name == "redis":
            words[1:1] = ["-p", str(self._redis_port)]
        return self.run(name, *words).returncode == 0

    def run(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """`docker compose exec`: a command in a container of the service."""
        return subprocess.run(
            [self._translate(word) for word in words],
            env=self._environment(name),
            executable=shutil.which(words[0], path=self._path),
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=CHECK_SECONDS,
        )

    def stop(self, name: str, process: Process) -> int:
        """`docker stop`: SIGTERM to the first process, and the service's grace. Returns its exit code."""
        process.terminate()
        return process.wait(seconds(self._service(name)["stop_grace_period"]))

    def _service(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._site["services"][name]
        return found

    def _environment(self, name: str) -> dict[str, str]:
        own = environment(self._service(name))
        return {"PATH": self._path, **{variable: self._translate(value) for variable, value in own.items()}}

    def _translate(self, word: str) -> str:
        if word.startswith(SECRETS):
            return str(ROOT / self._site["secrets"][word.removeprefix(SECRETS)]["file"])
        if word == METRICS:
            return f"127.0.0.1:{self._metrics_port}"
        for there, here in self._addresses.items():
            word = word.replace(there, here)
        return self._words.get(word, word)


@contextmanager
def containers(image: Image, folder: Path) -> Iterator[Containers]:
    """Nothing runs yet; at the end nothing runs any more."""
    with ExitStack() as stack:
        yield Containers(image, folder, stack)


def kill(process: Process) -> None:
    """The container is gone, all its processes at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _provide_redis(folder: Path, image: Image) -> None:
    """The programs of Redis's image that the services use, under their names there."""
    folder.mkdir()
    (folder / "valkey-server").symlink_to(server_program())
    client = folder / "valkey-cli"
    if found := shutil.which("valkey-cli") or shutil.which("redis-cli"):
        client.symlink_to(found)
    else:
        client.write_text(f"#!{image.programs}/python\n{PING}", encoding="utf-8")
        client.chmod(0o755)
