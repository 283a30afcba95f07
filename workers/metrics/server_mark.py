"""Ends a worker whose metrics' process died, so that its supervisor starts all of it again.

Dramatiq's master starts that process once and does not look after it. Without it no probe is answered.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from config.logs import configure_logging
from config.settings import Settings

LOOK_SECONDS = 2.0
_MARK = "serving"
log = structlog.get_logger()


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Hold a locked file while this process serves. An orderly end removes it; a death leaves it unlocked."""
    new = folder / f"{_MARK}.new"
    with new.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        new.replace(folder / _MARK)
        try:
            yield
        except SystemExit:
            (folder / _MARK).unlink(missing_ok=True)
            raise


@contextmanager
def ending_with_the_server(folder: Path, settings: Settings) -> Iterator[None]:
    """Have the master look at the mark every few seconds, and stop in order if its process died.

    A timer, because Dramatiq's master forks: a thread may not exist by then, and children have no timer.
    """
    (folder / _MARK).unlink(missing_ok=True)  # of a server that was killed with all the others
    signal.signal(signal.SIGALRM, lambda *_: _look(folder, settings))
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _look(folder: Path, settings: Settings) -> None:
    if _is_dead(folder / _MARK):
        signal.setitimer(signal.ITIMER_REAL, 0)
        configure_logging(settings.log_level, settings.log_json)  # now: Dramatiq's master logs in its own way
        log.error("metrics_server_died", remedy="the worker stops in order: its supervisor starts it again")
        os.kill(os.getpid(), signal.SIGTERM)


def _is_dead(mark: Path) -> bool:
    try:
        with mark.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError):  # it has not begun or ended in order; it lives
        return False
    return True
