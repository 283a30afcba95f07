"""One part of an office: its process, how it is started, and how it ends."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cli.office.part_log import PartLog
from sandbox.redis_program import die_with_parent


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a part is run. `is_ready` is asked while its process runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop_seconds: float
    is_ready: Callable[["Part"], bool]


class Part:
    """Its process has a session of its own: Ctrl-C in the terminal reaches the supervisor alone.

    On Linux it ends with the supervisor, also if that is killed.
    """

    def __init__(self, recipe: Recipe, folder: Path, log: PartLog, lock: int) -> None:
        self.recipe, self.log = recipe, log
        self._folder, self._lock = folder, lock
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def exit_code(self) -> int | None:
        """Return how its process ended (negative: by which signal), or None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the process. It inherits the lock of the folder."""
        self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            self.recipe.command,
            env=self.recipe.environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[self._lock],
            preexec_fn=die_with_parent(),
        )
        assert self._process.stdout  # noqa: S101 - it is a pipe
        self.log.follow(self._process.stdout)

    def is_ready(self) -> bool:
        """Return whether it works."""
        return self.exit_code is None and self.recipe.is_ready(self)

    def end_the_rest(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Signal the processes that a killed one left: workers finish the work in hand."""
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, by)

    def stop(self) -> None:
        """End it in order: SIGTERM, and SIGKILL when its time is over."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(self.recipe.stop_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self.end_the_rest(signal.SIGKILL)
        self.log.close()
