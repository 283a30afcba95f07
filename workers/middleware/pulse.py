"""The pulse of a worker process, which needs no Redis: a file that it writes anew every few seconds."""

import os
from pathlib import Path

import dramatiq
from dramatiq.middleware import Middleware

from workers.metrics.definitions import PULSE
from workers.middleware.background import Background, stuck_threads

EVERY_SECONDS = 5.0


class Pulse(Middleware):
    """Runs from before the boot, which waits for Redis, to after the shutdown. The file holds the threads that hang."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = Background("pulse", self._step)

    @property
    def _file(self) -> Path:
        return self._folder / f"{os.getpid()}{PULSE}"

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._step()
        self._thread.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()
        self._file.unlink(missing_ok=True)

    def _step(self) -> float:
        self._file.write_text(" ".join(stuck_threads()), "utf-8")
        return EVERY_SECONDS
