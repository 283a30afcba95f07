"""Watches the archive: leaves this worker's mark there, which `pec doctor` reads, and reports when it is away."""

import time
from contextlib import suppress

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from archive.vault import Vault, VaultAway
from pec.store import heartbeat
from pec.store.heartbeat import REACHED
from pec.store.store import Store
from workers.middleware.background import Background

EVERY_SECONDS = 60.0
AGAIN_SECONDS = 5.0  # while it is away
SILENT_SECONDS = 60.0  # without an answer
MAX_MARKS = 20  # of killed workers, removed at a start
log = structlog.get_logger()


class ArchiveState:
    """The last finding of this worker: "" without an archive or before the first look, REACHED, or why it is away.

    `cause`: the details of why, or nothing. `asked_at`: on the monotonic clock, while the archive has not answered.
    """

    def __init__(self) -> None:
        self.said = ""
        self.cause: dict[str, str] = {}
        self.asked_at: float | None = None

    def now(self, place: str) -> tuple[str, dict[str, str]]:
        """Return `said` and `cause`, or that the archive has been silent for too long: a network share can hang."""
        if self.asked_at is not None and time.monotonic() - self.asked_at > SILENT_SECONDS:
            silent = VaultAway("too_slow", place=place)
            return str(silent), silent.details
        return self.said, self.cause


class ArchiveWatch(Middleware):
    """Runs from boot to shutdown, in a thread of its own: an archive can take minutes to answer."""

    def __init__(self, vault: Vault, store: Store, worker_id: str, state: ArchiveState) -> None:
        self._vault = vault
        self._store = store
        self._id = worker_id
        self._state = state
        self._thread = Background("archive", self._step)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()
        if self._state.said:
            with suppress(VaultAway):
                self._vault.remove_mark(self._id)

    def _step(self) -> float:
        """Leave the mark again each time: another archive can have come to this place, or an empty folder."""
        self._state.asked_at = time.monotonic()
        try:
            self._vault.leave_mark(self._id)
            if not self._state.said:
                for killed in heartbeat.lately_dead(self._store, MAX_MARKS):
                    self._vault.remove_mark(killed)
                self._vault.remove_unfinished()
        except VaultAway as why:
            if self._state.said != str(why):
                log.error("archive_away", why=str(why))
            self._state.said, self._state.cause = str(why), why.details
            return AGAIN_SECONDS
        finally:
            self._state.asked_at = None
        if self._state.said not in ("", REACHED):
            log.info("archive_back")
        self._state.said, self._state.cause = REACHED, {}
        return EVERY_SECONDS
