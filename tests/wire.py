"""A server on loopback that follows a script down to the byte: what networks do to a client."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

CERTIFICATE = Path(__file__).with_name("localhost.pem")
PATIENCE_SECONDS = 20.0
EVENTUALLY_SECONDS = 60.0  # for what happens anyway, on however busy a machine


@dataclass(frozen=True)
class Received:
    """A request as it came. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """One connection, as the server has it."""

    def __init__(self, connection: socket.socket, wire: "Wire") -> None:
        self._socket = connection
        self._wire = wire
        self._buffer = bytearray()  # bytes would be copied whole at every read

    def read(self) -> Received:
        """The next request, whole. Raises ConnectionError when the client goes away instead."""
        head = self.read_head()
        length = int(head.headers.get("content-length", "0"))
        while len(self._buffer) < length:
            self._fill()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        received = Received(head.method, head.target, head.headers, body)
        self._wire.requests.append(received)
        return received

    def read_head(self) -> Received:
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return Received(method, target, headers, b"")

    def read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._fill()
        line, self._buffer = self._buffer.split(b"\n", 1)
        return bytes(line) + b"\n"

    def say(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, status: int, envelope: Any, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer. The envelope is JSON, unless it is bytes."""
        content = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        lines = {"Content-Length": str(len(content)), **(headers or {})}
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.say(
            head.encode() + b"\r\n" + content
        )  # in one write: a second one would wait for an acknowledgement

    def drip(self, piece: bytes, every_seconds: float) -> None:
        """Say the piece again and again, until the client goes away or the server closes."""
        while not self._wire.closing.wait(every_seconds):
            self.say(piece)

    def hold(self) -> None:
        """Say and read nothing until the server closes."""
        self._wire.closing.wait()

    def read_slowly(self, length: int, lasting_seconds: float) -> float:
        """Read a request with a body of this length at an even pace. Returns the seconds it took."""
        self.read_head()
        started = time.monotonic()
        while len(self._buffer) < length:
            ahead = len(self._buffer) / length * lasting_seconds - (time.monotonic() - started)
            self._wire.closing.wait(max(0, ahead))
            self._fill()
        return time.monotonic() - started

    def read_to_the_end(self) -> int:
        """How many more bytes come before the client goes away."""
        count = 0
        with suppress(OSError):
            while data := self._socket.recv(65_536):
                count += len(data)
        return count

    def reset(self) -> None:
        """End with RST instead of FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _fill(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("the client went away")
        self._wire.bytes_received += len(data)
        self._buffer += data


class Wire:
    """Serves each connection in a thread of its own by calling the script, then closes it."""

    def __init__(self, script: Callable[[Peer], object], tls: bool = False, receive_buffer: int = 0) -> None:
        self._script = script
        self._tls = _tls_context() if tls else None
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self.requests: list[Received] = []
        self.connections = 0
        self.ended = 0
        self.bytes_received = 0
        self.closing = threading.Event()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=[connection])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with suppress(OSError):
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                    self._open.append(connection)
                self._script(Peer(connection, self))
        finally:
            connection.close()
            self.ended += 1


def answering(status: int, envelope: Any, headers: Mapping[str, str] | None = None) -> Callable[[Peer], None]:
    """A script that gives every request of a connection the same answer."""

    def script(peer: Peer) -> None:
        while True:
            peer.read()
            peer.answer(status, envelope, headers)

    return script


def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition holds. Raises AssertionError after EVENTUALLY_SECONDS."""
    limit = time.monotonic() + EVENTUALLY_SECONDS
    while not condition():
        assert time.monotonic() < limit, "it never came to be"
        time.sleep(0.002)


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def free_port() -> int:
    """One on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
