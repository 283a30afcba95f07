"""A TCP proxy in front of Redis: cuts connections, loses replies of scripts that ran, says LOADING, moves."""

import asyncio
import re

_LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
_SCRIPT = b"EVALSHA"
_COMMIT = b'"op":"'  # in the payload of commit.lua: Dramatiq's own scripts are the most of what goes by


class RedisProxy:
    """Its attributes may be set from any thread."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.loading = False
        self.swallow = 0  # replies of scripts still to be lost
        self.swallow_commits = 0  # the same, of commits
        self.swallowed = 0
        self.port = 0
        self._open: set[_Front] = set()

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Front(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Every connection is reset."""
        for front in list(self._open):
            front.abort()

    def opened(self, front: "_Front") -> None:
        self._open.add(front)

    def closed(self, front: "_Front") -> None:
        self._open.discard(front)


class _Front(asyncio.Protocol):
    """The client's side of one connection."""

    def __init__(self, proxy: RedisProxy) -> None:
        self._proxy = proxy
        self._waiting: list[bytes] = []
        self._back: asyncio.Transport | None = None
        self._loses_reply = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._proxy.opened(self)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            back, _ = await asyncio.get_running_loop().create_connection(
                lambda: _Back(self), "127.0.0.1", self._proxy.target
            )
        except OSError:
            self.abort()
            return
        self._back = back
        for data in self._waiting:
            back.write(data)
        if self._transport.is_closing():
            back.abort()

    def data_received(self, data: bytes) -> None:
        if self._proxy.loading:
            self._transport.write(_LOADING * max(1, _commands(data)))
            return
        if self._proxy.swallow > 0 and _SCRIPT in data:
            self._proxy.swallow -= 1
            self._loses_reply = True
        elif self._proxy.swallow_commits > 0 and _SCRIPT in data and _COMMIT in data:
            self._proxy.swallow_commits -= 1
            self._loses_reply = True
        if self._back:
            self._back.write(data)
        else:
            self._waiting.append(data)

    def answered(self, data: bytes) -> None:
        if self._loses_reply:  # the script ran, and nobody hears of it
            self._proxy.swallowed += 1
            self.abort()
            return
        self._transport.write(data)

    def abort(self) -> None:
        self._transport.abort()
        if self._back:
            self._back.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.closed(self)
        if self._back:
            self._back.abort()


class _Back(asyncio.Protocol):
    """The server's side."""

    def __init__(self, front: _Front) -> None:
        self._front = front

    def data_received(self, data: bytes) -> None:
        self._front.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._front.abort()


def _commands(data: bytes) -> int:
    """How many commands a client's bytes hold: each is an array. A value that looks like one does no harm."""
    return len(re.findall(rb"(?:^|\r\n)\*\d+\r\n\$", data))
