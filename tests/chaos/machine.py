"""A machine that workers run on: a master and its processes, to be killed, stopped and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

START_SECONDS = 40.0


def eventually(condition: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> Any:
    """Return the condition's value once it is true. Raise TimeoutError."""
    ends = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.02)  # of processes, which have no signal to wait for
    return found


class Machine:
    """A master and its worker processes, as systemd would run them."""

    def __init__(
        self,
        name: str,
        processes: int,
        folder: Path,
        environment: Mapping[str, str],
        within: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._within = within  # what stands before its command, to run it elsewhere
        self._processes = processes
        self._folder = folder
        self._environment = {**environment, "CHAOS_MACHINE": name}
        self._master: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self.starts = 0

    def start(self) -> None:
        self.forget_workers()
        self._started_at = time.monotonic()
        self.starts += 1
        self.set(CHAOS_START=str(self.starts))
        command = [
            *self._within,
            sys.executable,
            "-m",
            "dramatiq",
            "tests.chaos.worker_app",
            "--skip-logging",
        ]
        command += [
            "--processes",
            str(self._processes),
            "--threads",
            "8",
            "--worker-shutdown-timeout",
            "8000",
        ]
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._master = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def set(self, **settings: str) -> None:
        """From its next start on."""
        self._environment |= settings

    def workers(self) -> list[int]:
        """Return the running processes, by the files that they write after boot."""
        found = [int(path.name.partition(".")[2]) for path in self._pid_files()]
        return sorted(pid for pid in found if _runs(pid))

    def mind(self) -> None:
        """Starts it again where it has ended, and not sooner than a moment after its last start."""
        if self._master and self._master.poll() is not None and time.monotonic() - self._started_at > 0.5:
            self._kill_group()  # what is left of it
            self.start()

    def kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> int:
        """The machine is gone. Returns how many worker processes were."""
        gone = len(self.workers())
        self._kill_group()
        if self._master:
            self._master.wait(10)
        return gone

    def tell_master(self, what: signal.Signals) -> None:
        if self._master:
            self._master.send_signal(what)

    def tell_group(self, what: signal.Signals) -> None:
        if self._master:
            with suppress(ProcessLookupError):
                os.killpg(self._master.pid, what)

    def forget_workers(self) -> None:
        for path in self._pid_files():
            path.unlink(missing_ok=True)

    def _pid_files(self) -> list[Path]:
        return list((self._folder / "pids").glob(f"{self.name}.*"))

    def _kill_group(self) -> None:
        self.tell_group(signal.SIGKILL)


def _runs(pid: int) -> bool:
    """A zombie doesn't."""
    return state_of(pid) not in ("Z", "")


def state_of(pid: int) -> str:
    """Return the kernel's state of the process, in one letter; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
