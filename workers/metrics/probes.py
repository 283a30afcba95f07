"""The answers to `/healthz`, `/readyz` and `/installation`, of the process that serves the metrics of a worker."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from config.redis_connection import RedisUnreachable, check, connect
from config.settings import Settings
from pec.operations.doctor.health import check_health
from pec.operations.status.live_workers import live_workers_on
from pec.store.store import Store
from workers.metrics.definitions import PULSE

SILENT_SECONDS = 30.0  # without a pulse, which comes every five


class Probes:
    """Each answer is a list of problems, which is empty if all is well, and a number of worker processes."""

    def __init__(self, settings: Settings, store: Store, folder: Path, patience_seconds: float) -> None:
        self._settings = settings
        self._store = store
        self._folder = folder
        self._broker = connect(settings.broker, timeout_seconds=patience_seconds, retries=0)

    def alive(self) -> tuple[list[str], int]:
        """Return which processes of this worker hang, without Redis: a restart can help."""
        pulses = sorted(self._folder.glob(f"*{PULSE}"))
        problems = [problem for pulse in pulses for problem in _hangs(pulse)]
        return problems if pulses else ["no worker process has a pulse"], len(pulses)

    def ready(self) -> tuple[list[str], int]:
        """Return why the processes of this worker can't work now."""
        problems, _ = self.alive()
        for client in (self._store.client, self._broker):
            try:
                check(client)
            except RedisUnreachable as away:
                problems.append(str(away))
        if problems:
            return problems, 0
        host = socket.gethostname()
        try:
            count = len(live_workers_on(self._store, host))
        except redis.RedisError as error:
            return [str(error)], 0
        return [] if count else [f"Redis knows no live worker process of {host}"], count

    def sound(self) -> tuple[list[str], int]:
        """Return what `pec health` has to say of the whole installation."""
        try:
            found = check_health(self._store, self._settings)
        except redis.RedisError as error:
            return [str(error)], 0
        problems = [f"{one.what}: {one.remedy}" for one in (*found.standing_still, *found.held_back)]
        return problems if found.workers else ["no worker is alive"], found.workers


def _hangs(pulse: Path) -> Iterator[str]:
    try:
        silent = time.time() - pulse.stat().st_mtime
        stuck = pulse.read_text("utf-8")
    except FileNotFoundError:  # it has just stopped, in an orderly way
        return
    if silent > SILENT_SECONDS:
        yield f"the worker process {pulse.stem} has had no pulse for {silent:.0f} s"
    if stuck:
        yield f"the worker process {pulse.stem} hangs in {stuck}"
