"""A thread that a worker process runs beside its actors: a step again and again, whatever Redis does."""

import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware

from config.redis_refusals import logged

AWAY_SECONDS = 1.0
STUCK_SECONDS = (
    600.0  # in one step: Redis, an archive or a mailbox that does not answer takes minutes at most
)
log = structlog.get_logger()


class _Thread(threading.Thread):
    step_since: float | None = None  # on the monotonic clock; None while it rests


def stuck_threads() -> list[str]:
    """Return the names of this process's background threads that have been in one step for too long.

    One that waits for the archive is left out: a restart does not bring the archive back, and would end the sends.
    """
    since = time.monotonic() - STUCK_SECONDS
    background = [one for one in threading.enumerate() if isinstance(one, _Thread)]
    stuck = [one for one in background if one.step_since is not None and one.step_since < since]
    frames = sys._current_frames() if stuck else {}
    return sorted(one.name for one in stuck if not _is_in_archive(frames.get(one.ident or 0)))


def _is_in_archive(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_globals.get("__name__", "").startswith("archive.vault"):
            return True
        frame = frame.f_back
    return False


class Background:
    """Calls `step` until stopped. `step` returns the seconds to rest, which the event `woken` cuts short.

    Steps are `min_seconds` apart in any case.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        min_seconds: float = 0.0,
        woken: threading.Event | None = None,
    ) -> None:
        self._step = step
        self._min_seconds = min_seconds
        self._woken = woken or threading.Event()
        self._stopping = threading.Event()
        self._thread = _Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Take no further step. `stop` waits for the one in hand."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Wait for the step in hand."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            rest = self._rest()
            self._stopping.wait(self._min_seconds)
            self._woken.wait(max(0.0, rest - self._min_seconds))
            self._woken.clear()

    def _rest(self) -> float:
        self._thread.step_since = time.monotonic()
        try:
            return self._step()
        except redis.RedisError as error:
            log.warning("redis_unavailable", thread=self._thread.name, **logged(error))
        except Exception:  # a bug in one step must not end the thread, and with it the process's work
            log.exception("step_failed", thread=self._thread.name)
        finally:
            self._thread.step_since = None
        return AWAY_SECONDS


class BackgroundMiddleware(Middleware):
    """Runs a background thread from the boot of the worker process to its shutdown.

    `interrupt` ends a step that waits, when the process stops.
    """

    def __init__(self, thread: Background, interrupt: Callable[[], None]) -> None:
        self._thread = thread
        self._interrupt = interrupt

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.ask_to_stop()
        threading.Thread(target=self._interrupt, name="interrupt", daemon=True).start()  # Redis may be away
        self._thread.stop()
