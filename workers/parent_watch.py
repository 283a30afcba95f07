"""End a worker process with its master: an orphan would go on sending after an operator stopped the rest."""

import multiprocessing
import os
import signal
import time

PATIENCE_SECONDS = 60.0  # for an orderly end, as long as a master waits for it


class ParentWatch:
    """Used by one thread of the worker process, now and then."""

    def __init__(self) -> None:
        self._since: float | None = None

    def stop_if_orphaned(self) -> None:
        """Send this process SIGTERM, and so end it in order, once the master is dead; a second one if the first failed.

        A process that was booting waits for its master for ever inside Dramatiq, while its threads work: the second
        SIGTERM ends it at once.
        """
        master = multiprocessing.parent_process()
        if master is None or master.is_alive():
            return
        now = time.monotonic()
        if self._since is None or now - self._since > PATIENCE_SECONDS:
            self._since = now
            os.kill(os.getpid(), signal.SIGTERM)
