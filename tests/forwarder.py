"""An address whose server can change, as that of a proxy or a name does. Open connections stay where they are."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit


class Forwarder:
    """Listens on a port of this machine and passes each new connection on to the server of the moment.

    `swallows`: answers are lost, as if the network had dropped them.
    """

    def __init__(self, listener: socket.socket, target: str) -> None:
        self._listener = listener
        self._open: list[socket.socket] = [listener]
        self.swallows = False
        self.url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        self.target(target)

    def target(self, url: str) -> None:
        """Pass connections to the server of this URL from now on."""
        parts = urlsplit(url)
        self._to = (str(parts.hostname), int(parts.port or 0))

    def run(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._to)
                self._open += [client, server]
                Thread(target=pump, args=(client, server), daemon=True).start()
                Thread(target=pump, args=(server, client, lambda: self.swallows), daemon=True).start()

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def forwarding(url: str) -> Iterator[Forwarder]:
    """A forwarder to the server of this URL."""
    forwarder = Forwarder(socket.create_server(("127.0.0.1", 0)), url)
    thread = Thread(target=forwarder.run)
    thread.start()
    try:
        yield forwarder
    finally:
        forwarder.close()
        thread.join()


def pump(source: socket.socket, sink: socket.socket, drops: Callable[[], bool] = lambda: False) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if not drops():
                sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
