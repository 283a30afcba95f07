"""The server: pymap's protocol in a thread of its own, with an event loop that a busy API does not slow down."""

import asyncio
import socket
import ssl
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, cast

from proxyprotocol.sock import SocketInfo
from pymap.config import BackendCapability, IMAPConfig
from pymap.imap import IMAPServer

from sandbox.imap.login import Login
from sandbox.imap.wire import Wire
from sandbox.imap_faults import ImapFaults
from sandbox.state import Sandbox

MAX_LINE_BYTES = 1 << 20  # clients list the numbers of many mails in one


class Config(IMAPConfig):
    """A server without STARTTLS, because TLS is there from the first byte or not at all."""

    def __init__(self) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol="noop"), host=None, port=0, tls_enabled=False
        )

    @property
    def greeting(self) -> bytes:
        return b"Sandbox ready."  # pymap's asks the DNS for this machine's name

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=False, multi_append=True)


def serve_imap(sandbox: Sandbox, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
    """Serve the sandbox's mailboxes in the background until the process ends. Return once the door is open."""
    login = Login(sandbox.network, sandbox.options.mailboxes, sandbox.senders, sandbox.imap_faults)
    _Door(login, sandbox.imap_faults).open(listener, tls)


class _Door:
    def __init__(self, login: Login, faults: ImapFaults) -> None:
        self._config = Config()
        self._login = login
        self._faults = faults
        self._loop = asyncio.new_event_loop()
        self._connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    def open(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        serving = Event()
        self._faults.on_hang_up(lambda: self._loop.call_soon_threadsafe(self._hang_up))
        Thread(target=self._run, args=(listener, tls, serving), name="imap", daemon=True).start()
        serving.wait()

    def _run(self, listener: socket.socket, tls: ssl.SSLContext | None, serving: Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, sock=listener, ssl=tls, limit=MAX_LINE_BYTES)
        )
        serving.set()
        self._loop.run_until_complete(server.serve_forever())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._faults.behaviour.down:
            self._faults.count("down")
            writer.transport.abort()
            return
        with self._held(writer), suppress(ConnectionError, EOFError):
            server = IMAPServer(self._login, self._config)
            wire = cast(asyncio.StreamWriter, Wire(writer, self._faults))
            await server(reader, wire, SocketInfo.get(writer, None))

    @contextmanager
    def _held(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Hold the connection, for `_hang_up`; and its task, which Python 3.13 may collect if nothing else does."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._connections[task] = writer
        try:
            yield
        finally:
            del self._connections[task]

    def _hang_up(self) -> None:
        for writer in self._connections.values():
            self._faults.count("hang-up")
            writer.transport.abort()
