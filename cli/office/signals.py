"""The signals that the supervisor waits for: the end of a part, or the order to stop."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Self

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # SIGHUP: the terminal was closed


class Signals:
    """In force inside its context, in the main thread. Children get the defaults back when they start."""

    def __init__(self) -> None:
        self.stopping = False
        self._former: dict[int, Any] = {}
        self._ours, self._theirs = socket.socketpair()

    def wait(self, seconds: float | None) -> None:
        """Return when a signal came, or the seconds are over. None: only a signal ends it."""
        if select.select([self._ours], [], [], seconds)[0]:
            self._ours.recv(4096)

    def __enter__(self) -> Self:
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        ours = [one for one in _STOP if signal.getsignal(one) is not signal.SIG_IGN]  # nohup ignores SIGHUP
        self._former = {one: signal.signal(one, self._stop) for one in ours}
        self._former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for one, former in self._former.items():
            signal.signal(one, former)
        self._ours.close()
        self._theirs.close()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
