"""Consumers of webhooks that misbehave on command, and remember the events with a valid signature."""

import asyncio
import json
import socket
from collections import Counter
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from standardwebhooks import Webhook, WebhookVerificationError

SLOW_SECONDS = 0.8
TOO_SLOW_SECONDS = 2.6  # more than the time-out of a delivery
REFUSED_OF = 25  # every so manieth event is, by one that is picky
_ANSWERS = {"ok": 204, "500": 500, "410": 410, "redirect": 302, "slow": 200, "too-slow": 200}


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery answered with success, in the order of arrival."""

    endpoint: str
    id: str
    body: dict[str, Any]


class Receivers:
    """One server for all endpoints: the path is the name. `moods`: how each behaves now; set from any thread."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self.moods: dict[str, str] = {}
        self.met: Counter[str] = Counter()  # moods that deliveries met
        self.received: list[Received] = []
        self.forged = 0
        self.intrusions = 0  # connections to an address of our own network
        self.port = 0

    async def start(self, door: socket.socket | None = None) -> None:
        """Listen on this machine, or at a door that is open elsewhere."""
        opened = door or socket.create_server(("127.0.0.1", 0))
        server = await asyncio.start_server(self._serve, sock=opened, backlog=128)
        self.port = server.sockets[0].getsockname()[1]
        self._servers = [server]
        if door is None:  # else the workers are elsewhere, and can't intrude here
            self._servers.append(await asyncio.start_server(self._intruded, "127.0.0.9", self.port))

    async def stop(self) -> None:
        for server in self._servers:
            server.close()

    async def _intruded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.intrusions += 1
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip()
                start, *lines = head.split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                await self._answer(start.split(" ")[1].strip("/"), headers, body, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the worker died, or gave up
        finally:
            writer.close()

    async def _answer(
        self,
        name: str,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        mood = self.moods.get(name, "ok")
        if mood == "picky":
            mood = "500" if crc32(headers["webhook-id"].encode()) % REFUSED_OF == 0 else "ok"
            self.met["picky"] += mood == "500"
        else:
            self.met[mood] += 1
        if mood == "down":
            writer.transport.abort()
            return
        if mood == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if mood == "too-slow":  # it answers that it took the event, after the worker gave up
            await asyncio.sleep(TOO_SLOW_SECONDS)
        # A worker that was stopped meanwhile did not give up: it reads the answer when it goes on.
        takes = mood in ("ok", "slow") or (mood == "too-slow" and not reader.at_eof())
        status = self._take(name, headers, body) if takes else _ANSWERS[mood]
        location = f"location: http://127.0.0.1:{self.port}/elsewhere\r\n" if status == 302 else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{location}content-length: 0\r\n\r\n".encode())
        await writer.drain()
        if mood != "ok":
            writer.close()  # unannounced; otherwise the connection is kept

    def _take(self, name: str, headers: dict[str, str], body: bytes) -> int:
        try:
            self._webhook.verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        self.received.append(Received(name, headers["webhook-id"], json.loads(body)))
        return 204
