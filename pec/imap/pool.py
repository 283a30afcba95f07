"""Sessions that a process keeps open between two readings of a mailbox, because logging in takes long."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pec.imap.server import Server

if TYPE_CHECKING:
    from pec.imap.session import Session

KEPT_SECONDS = 120.0


class SessionPool:
    """At most one session a server is kept. Shared by the threads of a process."""

    def __init__(self) -> None:
        self._kept: dict[Server, tuple[Session, float]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def session(self, server: Server) -> Iterator["Session"]:
        """Give the kept session, or a new one. Keep it afterwards if it is open. Raise what `Session.open` raises."""
        from pec.imap.session import Session  # with the library of IMAP

        session = self._take(server) or Session.open(server)
        try:
            yield session
        except BaseException:
            session.close()
            raise
        self._keep(server, session)

    def close_idle(self, idle_seconds: float = KEPT_SECONDS) -> None:
        """Close the sessions that were not used for so long."""
        until = time.monotonic() - idle_seconds
        with self._lock:
            old = [one for one, (_, used_at) in self._kept.items() if used_at <= until]
            found = [self._kept.pop(one)[0] for one in old]
        for session in found:
            session.close()

    def _take(self, server: Server) -> "Session | None":
        with self._lock:
            kept = self._kept.pop(server, None)
        if kept is None:
            return None
        session, used_at = kept
        if time.monotonic() - used_at <= KEPT_SECONDS and session.is_alive():
            return session
        session.close()
        return None

    def _keep(self, server: Server, session: "Session") -> None:
        if not session.is_open:
            return
        with self._lock:
            other, self._kept[server] = self._kept.get(server), (session, time.monotonic())
        if other:
            other[0].close()
