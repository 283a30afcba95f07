"""A worker process ends with its master: one that is left alone would go on sending, unseen by who stopped the rest."""

import multiprocessing
import os
import signal
import time

PATIENCE_SECONDS = 60.0  # for an orderly end, as long as a master gives


class ParentWatch:
    """Asked now and then by a thread of the worker process."""

    def __init__(self) -> None:
        self._since: float | None = None

    def stop_if_orphaned(self) -> None:
        """SIGTERM, and so an orderly end, once the master is dead; again where that was of no use.

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
