"""Counts the commands that clients send to a Redis, a script counting one, by MONITOR.

No statistic of the server distinguishes them from those that scripts make.
"""

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

# A script's own commands are from `[0 lua]`. Dramatiq's `fetch` counts separately: it polls.
_FROM_CLIENTS = {
    "truth": re.compile(rb" \[0 127\."),
    "broker": re.compile(rb" \[1 127\."),
    "fetch": re.compile(rb' \[1 127\.[^\r]*?"fetch"'),
    "ack": re.compile(rb' \[1 127\.[^\r]*?"ack"'),
}


class Monitor:
    """While it is open. MONITOR costs the server something: never while its time is measured."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"MONITOR\r\n")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._counted = dict.fromkeys(_FROM_CLIENTS, 0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def counted(self) -> dict[str, int]:
        """So far: to the truth (database 0), and to the broker (1), of which `fetch` and `ack`."""
        return dict(self._counted)

    def _read(self) -> None:
        rest = b""
        with suppress(ConnectionResetError):  # we hang up while it speaks
            while data := self._socket.recv(1 << 16):
                whole, _, rest = (rest + data).rpartition(b"\r\n")
                for name, mark in _FROM_CLIENTS.items():
                    self._counted[name] += len(mark.findall(whole))
