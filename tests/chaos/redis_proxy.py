"""A TCP proxy in front of Redis: cuts connections, loses replies of scripts that ran, says LOADING, moves."""

import asyncio
from collections import Counter

_LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
_SCRIPT = b"EVALSHA"
_REFUSALS = ("OOM", "READONLY")  # with which an answer of the server begins
_COMMIT = b'"op":"'  # in the payload of commit.lua: Dramatiq's own scripts are the most of what goes by


class RedisProxy:
    """Its attributes may be set from any thread."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.loading = False
        self.swallow = 0  # replies of scripts still to be lost
        self.swallow_commits = 0  # the same, of commits
        self.met: Counter[str] = Counter()  # cut | gone | OOM | READONLY | LOADING | lost-reply: by clients
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
            self.met["cut"] += 1
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
        self._commands = _Commands()
        self._awaits = False  # an answer of the server
        self._refused = False  # the last bytes never went on

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
            self.gone()
            return
        self._back = back
        for data in self._waiting:
            back.write(data)
        if self._transport.is_closing():
            back.abort()

    def data_received(self, data: bytes) -> None:
        within = self._commands.open
        ended = self._commands.ended(data)
        if self._awaits if self._proxy.loading else (self._refused and within):
            self.abort()  # half of it went on, or half of what it sent: its answers would be another's
            return
        self._refused = self._proxy.loading
        if self._refused:
            self._proxy.met["LOADING"] += ended
            self._transport.write(_LOADING * ended)
            return
        self._awaits = True
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
        self._awaits = False
        if self._loses_reply:  # the script ran, and its reply is lost
            self._proxy.met["lost-reply"] += 1
            self.abort()
            return
        for word in _REFUSALS:
            self._proxy.met[word] += data.count(f"-{word} ".encode())
        self._transport.write(data)

    def gone(self) -> None:
        """The server hung up, or was not there."""
        if not self._transport.is_closing():
            self._proxy.met["gone"] += 1
            self.abort()

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
        self._front.gone()


class _Commands:
    """Counts the commands of a client, each an array of strings, however the network cuts them."""

    def __init__(self) -> None:
        self._rest = b""  # of a length that came in part
        self._strings = 0  # of the command that are still to come
        self._bytes = 0  # of the string that are still to come

    @property
    def open(self) -> bool:
        """Whether a command has begun and not ended."""
        return bool(self._rest or self._strings or self._bytes)

    def ended(self, data: bytes) -> int:
        """How many end in these bytes."""
        data, at, count = self._rest + data, 0, 0
        self._rest = b""
        while at < len(data):
            if self._bytes:
                taken = min(self._bytes, len(data) - at)
                at += taken
                self._bytes -= taken
                count += not self.open
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            self._length(data[at:end])
            at = end + 2
        self._rest = data[at:]
        return count

    def _length(self, line: bytes) -> None:
        if line.startswith(b"*"):
            self._strings = int(line[1:])
        else:
            self._strings -= 1
            self._bytes = int(line[1:]) + 2
