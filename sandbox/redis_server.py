"""A Redis or Valkey server of our own for `pec demo` and tests, as durable as an operator's should be."""

import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.texts import _
from sandbox.redis_program import DURABLE, MAX_SOCKET_PATH, die_with_parent
from sandbox.redis_program import EmbeddedServerError as EmbeddedServerError
from sandbox.redis_program import server_program as server_program

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.01
_PORTS = range(10_000, 30_000)  # below what Linux and macOS give to connections that leave


class EmbeddedServer:
    """A server in a folder of its own; append-only file, `appendfsync always`, `noeviction`.

    `folder` holds its data and log and stays; without one, a temporary folder goes with the context. It
    listens on a unix socket in the folder, or on a free port of 127.0.0.1 where that path would be too long.
    `port` asks for that port; 0 is any free one.

    On Linux it ends with the thread that started it (PR_SET_PDEATHSIG): start it from the main thread.
    Elsewhere a killed parent leaves it behind. It has a session of its own, so that the terminal's
    Ctrl-C reaches us, and we stop it last.
    """

    def __init__(self, folder: Path | None = None, *, port: int | None = None) -> None:
        self._temporary = folder is None
        self._folder = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="pec-"))
        self._socket = self._folder / "server.sock"
        too_long = len(bytes(self._socket)) > MAX_SOCKET_PATH
        self._port = (port or _free_port()) if too_long or port is not None else 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address, the same after every restart."""
        return f"redis://127.0.0.1:{self._port}/0" if self._port else f"unix://{self._socket}?db=0"

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self._folder / "server.log"

    @property
    def pid(self) -> int | None:
        """Return the id of the server's process, or None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Run the server and wait until it answers. Raise EmbeddedServerError."""
        if self._process:
            return
        command = [server_program(), "--dir", str(self._folder), *self._listen(), *DURABLE]
        command += [
            "--repl-diskless-sync-delay",
            "0",
        ]  # its replicas need not wait 5 s for others to join them
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """End it in good order: SIGTERM is its SHUTDOWN, which closes the append-only file."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does. What it had acknowledged is on disk."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs, and start it again on the same folder and address."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # Ctrl-C included: no other code would stop it
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._forget()

    def _listen(self) -> list[str]:
        if self._port:
            return ["--port", str(self._port), "--bind", "127.0.0.1"]
        return ["--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"]

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)) as probe:
            while not _answers(probe, process.pid):
                if process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise EmbeddedServerError(
                        _("the embedded server did not start:\n{log_tail}").format(log_tail=self._log_tail())
                    )
                time.sleep(_POLL_SECONDS)  # a server that starts has no signal to wait for

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])

    def _end(self, by: signal.Signals) -> None:
        if not self._process:
            return
        self._process.send_signal(by)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _forget(self) -> None:
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)


def _answers(probe: redis.Redis, pid: int) -> bool:
    """Return whether the server answers and is ours, because another one may hold the port."""
    try:
        return bool(probe.ping()) and probe.info("server")["process_id"] == pid
    except (redis.ConnectionError, redis.TimeoutError):  # not listening yet, or still loading its data
        return False


def _free_port() -> int:
    """Return a port that is free now, from a range that no system hands out, so that it still is in a moment."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - no secret
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
