"""A way to a server that can be cut as a network is: new connections are neither taken nor refused."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

from tests.forwarder import pump

_LEAST = 0  # a backlog of one connection


class CutWay:
    """Listens on a port of this machine and passes connections on, while it is not cut."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._to = (str(parts.hostname), int(parts.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._at = self._listener.getsockname()
        self._open: list[socket.socket] = []
        self._fillers: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._at[1]}"
        self._serve()

    def cut(self) -> None:
        """Let new connections hang: the kernel drops what finds its queue full. What is on its way arrives."""
        self._stop_listening()
        self._listener = socket.create_server(self._at, backlog=_LEAST)
        for _ in range(_LEAST + 2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self._at)
            self._fillers.append(filler)

    def mend(self) -> None:
        self._stop_listening()
        for one in self._fillers:
            self._end(one)
        self._fillers.clear()
        self._listener = socket.create_server(self._at)
        self._serve()

    def close(self) -> None:
        self._stop_listening()
        for one in [*self._fillers, *self._open]:
            self._end(one)

    def _serve(self) -> None:
        self._thread = Thread(target=self._accept, args=[self._listener], daemon=True)
        self._thread.start()

    def _stop_listening(self) -> None:
        """End the thread before its socket's number can be another's."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._to)
                self._open += [client, server]
                for ends in ((client, server), (server, client)):
                    Thread(target=pump, args=ends, daemon=True).start()

    @staticmethod
    def _end(one: socket.socket) -> None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def cut_way(target: str) -> Iterator[CutWay]:
    """A way to the server of this URL."""
    way = CutWay(target)
    try:
        yield way
    finally:
        way.close()
