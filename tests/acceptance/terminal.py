"""A command in a terminal, as a person sees it and types into it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

SECONDS = 60.0


class Terminal:
    """`shown` is everything that was printed so far."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.shown = ""
        self._read = 0  # how much of it was waited for
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [
                "env",
                "--default-signal=INT",
                "setsid",
                "--ctty",
                "--wait",
                *command,
            ],  # so that Ctrl-C reaches it
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def wait_for(self, words: str) -> None:
        """Return once these words come after those that were waited for before."""
        ends = time.monotonic() + SECONDS
        while (found := self.shown.find(words, self._read)) < 0:
            assert time.monotonic() < ends, f"it did not say {words!r}: {self.shown}"
            assert self._take(), f"it ended before it said {words!r}: {self.shown}"
        self._read = found + len(words)

    def enter(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait(self) -> int:
        """Read until the command ends, and return its exit code."""
        while self._take():
            pass
        return self._process.wait(SECONDS)

    def _take(self) -> bool:
        if not select.select([self._ours], [], [], SECONDS)[0]:
            return False
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # Linux says so when no process has the terminal any more
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)
