"""The output of a part: a file that rotates, so that it never fills the disk that Redis writes to."""

from collections import deque
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Thread
from typing import IO

MAX_BYTES = 10_000_000
FILES = 3  # beside the one that is written
_LAST_LINES = 8
_JOIN_SECONDS = 5.0


class PartLog:
    """Follows the output of one process after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = ""  # the first address that the process printed, once it listens
        self._thread: Thread | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._file = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=FILES, encoding="utf-8")

    def follow(self, stream: IO[bytes]) -> None:
        """Copy the output of a new process, until it has ended."""
        self.url = ""
        self._last.clear()
        self._thread = Thread(target=self._copy, args=[stream], daemon=True)
        self._thread.start()

    def last_lines(self) -> str:
        """Return what the process printed last."""
        return "\n".join(self._last)

    def close(self) -> None:
        """Close the file, once the last process has ended."""
        if self._thread:
            self._thread.join(_JOIN_SECONDS)
        self._file.close()

    def _copy(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                if not self.url and text.startswith(("http://", "https://")):
                    self.url = text
                self._last.append(text)
                self._file.emit(makeLogRecord({"msg": text}))
