"""A thread that a worker process runs beside its actors: a step again and again, whatever Redis does."""

import threading
from collections.abc import Callable

import redis
import structlog

AWAY_SECONDS = 1.0
log = structlog.get_logger()


class Background:
    """Calls `step` until stopped. `step` returns the seconds to rest, and is woken early by `wake`.

    Woken or not, steps are `least_seconds` apart.
    """

    def __init__(self, name: str, step: Callable[[], float], min_seconds: float = 0.0) -> None:
        self._step = step
        self._min_seconds = min_seconds
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Waits for the step in hand."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            rest = self._rest()
            self._stopping.wait(self._min_seconds)
            self._woken.wait(max(0.0, rest - self._min_seconds))
            self._woken.clear()

    def _rest(self) -> float:
        try:
            return self._step()
        except redis.RedisError as error:
            log.warning("redis_unavailable", thread=self._thread.name, error=type(error).__name__)
        except Exception:  # a bug in one step must not end the thread, and with it the process's work
            log.exception("step_failed", thread=self._thread.name)
        return AWAY_SECONDS
