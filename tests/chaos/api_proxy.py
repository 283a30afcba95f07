"""Real HTTP in front of the sandbox: each call may meet a fault, before or after it is forwarded."""

import asyncio
import json
import re
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.chaos.garbled import garbled

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
SLOW_SECONDS = 0.7  # an answer that its receipts overtake
LARGE_BYTES = 3_500_000  # an upload that the sockets between don't swallow, so that it can be slow
HEAD_BYTES = 4_096  # of a POST, in which its recipients stand
WINDOW_BYTES = 65_536  # that the kernel keeps for us of each connection
DRIP_BYTES, DRIP_SECONDS = 16_384, 0.2
PLANT = "/_sandbox/receipts"
_RECIPIENT = re.compile(rb'"recipient": ?("[^"]*"|\[[^]]*\])')
_GARBLING = {"truncated", "truncated-after", "no_code-after", "code-twice", "neither-shape", "doubled"}
_ACCENTED = re.compile("[^\x00-\x7f]")
# fault → status, body: answered instead of the API, which got no request
_INSTEAD: dict[str, tuple[int, bytes]] = {
    "500-before": (500, b'{"success": false, "message": "MySQL Error 1040"}'),
    "502-html-before": (502, HTML),
    "307": (307, b""),
    "smtp-text": (200, b'{"success": false, "message": "", "message_id": "554 5.7.1 Relay access denied"}'),
    "429": (429, b'{"success": false, "message": "Too many requests"}'),
    "429-retry-after": (429, b'{"success": false, "message": "Too many requests"}'),
    "401": (401, b'{"success": false, "message": "Authorization is not valid or empty"}'),
    "402": (402, b'{"success": false, "message": "Insufficient credit"}'),
    "403": (403, b'{"success": false, "message": "Forbidden"}'),
    "400": (400, b'{"success": false, "message": "Post parameter is not valid"}'),
    "500": (500, b'{"success": false, "message": "MySQL Error 2006"}'),
    "502-html": (502, HTML),
    "empty": (404, b'{"success": false, "message": "Result empty"}'),
    "503": (503, b"Service Unavailable"),
}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


# The same in place of the API's answer, which has done what was asked
_AFTER = {
    "500-after": Answer(500, {}, b'{"success": false, "message": "MySQL Error 2013"}'),
    "502-html-after": Answer(502, {"content-type": "text/html"}, HTML),
}


@dataclass
class Call:
    """One request as it came: when its first byte did (monotonic), and what it met."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: str | None = None
    forwarded: bool = False
    status: int | None = None

    @property
    def kind(self) -> str:
        """The operations, each with its own faults. A search and the reading of pages count as one."""
        if self.method == "POST":
            return "send"
        path, _, _ = self.path.partition("?")
        if path == "/inbox":
            return "pages"
        return {"inbox": "mail", "send": "receipts"}.get(path.split("/")[1], "quota")

    @property
    def sender(self) -> str:
        """Return the recipients of a POST /send."""
        try:
            return str(json.loads(self.body)["sender"])
        except (ValueError, KeyError, TypeError):
            return ""

    @property
    def recipients(self) -> list[str]:
        """Return the recipients of a POST /send: they precede its attachments, which can be long and come in part."""
        matched = _RECIPIENT.search(self.body[:HEAD_BYTES])
        found = json.loads(matched[1]) if matched else []
        return [found] if isinstance(found, str) else list(found)


def _door(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
    door.bind(("127.0.0.1", port))
    return door


class ApiProxy:
    """`answers`: of each kind of call, the how-manieth meets what. Attributes may be set from any thread."""

    def __init__(
        self,
        target: str,
        answers: Mapping[str, Mapping[int, str]],
        mangled: bool,
        open_door: Callable[[int], socket.socket] | None = None,
    ) -> None:
        self._open_door = open_door or _door  # on the port that it gets, or on any if that is 0
        self._host, self._port = urlsplit(target).hostname or "", urlsplit(target).port or 0
        self._faults = {kind: dict(faults) for kind, faults in answers.items()}
        self._counts: Counter[str] = Counter()
        self._put_off: dict[str, list[str]] = defaultdict(
            list
        )  # until a call comes that they mean something to
        self._mangled = mangled
        self._codes: dict[str, list[str]] = {}  # given, by sender: another mailbox may have the same
        self._server: asyncio.Server | None = None
        self._mailboxes: dict[str, str] = {}
        self.down: str | None = None  # how every call fails now
        self.met_down = 0  # calls that failed so
        self.marks: dict[str, str] = {}  # what a planted mail is known by → what it was planted as
        self.shown: Counter[str] = Counter()  # of those, what a client was shown
        self.calls: list[Call] = []
        self.port = 0

    def know(self, username: str, address: str) -> None:
        """Whose mailbox a user name opens, for mails that come while pages are read."""
        self._mailboxes[username] = address

    async def start(self) -> None:
        """Listens; always on the same port."""
        if self._server is None:
            door = self._open_door(self.port)
            self._server = await asyncio.start_server(self._serve, sock=door, backlog=256)
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Connections are refused until the next start."""
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hung_up = self._hangs_up()
            if hung_up:
                writer.write_eof()  # before a byte was read; what is sent all the same is read, to know what it was
            while call := await self._read(reader, hung_up):
                self.calls.append(call)
                await self._answer(call, reader, writer)
                if call.headers.get("connection") == "close" or writer.is_closing():
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away
        finally:
            writer.close()

    def _hangs_up(self) -> bool:
        """Whether the next send is to find that its connection has ended. It is the next to connect, mostly."""
        number = self._counts["send"]
        hung_up = not self.down and self._faults.get("send", {}).get(number) == "hung_up"
        if hung_up:
            del self._faults["send"][number]
            self._counts["send"] += 1
        return hung_up

    async def _read(self, reader: asyncio.StreamReader, hung_up: bool) -> Call | None:
        first = await reader.read(1)
        at = time.monotonic()
        if not first:
            if hung_up:  # the client has seen it, and sent no request
                self.calls.append(Call(at, "", "", {}, b"", "hung_up"))
            return None
        head = first + await reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").rstrip().split("\r\n")
        method, path, _ = start.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        call = Call(at, method, path, headers, b"")
        length = int(headers.get("content-length", "0"))
        call.fault = "hung_up" if hung_up else self._fault(call.kind, length)
        if call.fault == "slow-upload":
            self.calls.append(call)
            await self._sip(call, reader, length)
            return None
        if length:
            call.body = await reader.readexactly(length)
        elif "chunked" in headers.get("transfer-encoding", ""):
            call.body = await _chunks(reader)
        return call

    async def _sip(self, call: Call, reader: asyncio.StreamReader, length: int) -> None:
        """Read until the client gives up: the recipient is at the beginning."""
        while len(call.body) < length:
            piece = await reader.read(DRIP_BYTES)
            if not piece:
                return
            call.body += piece
            await asyncio.sleep(DRIP_SECONDS)

    def _fault(self, kind: str, length: int) -> str | None:
        """The first that is due, and that means something to this call."""
        if self.down == "sends-500":
            self.met_down += kind == "send"
            return "500-before" if kind == "send" else None
        if self.down:
            self.met_down += 1
            return self.down
        due = self._put_off[kind]
        fault = self._faults.get(kind, {}).pop(self._counts[kind], None)
        self._counts[kind] += 1
        if fault:
            due.append(fault)
        fitting = [one for one in due if one != "slow-upload" or length >= LARGE_BYTES]
        if fitting:
            due.remove(fitting[0])
        return fitting[0] if fitting else None

    async def _answer(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = call.fault or ""
        if fault in _INSTEAD:
            await self._instead(call, writer)
        elif fault in ("reset", "reset-before", "hung_up"):
            _reset(writer)
        elif fault in ("silence", "timeout", "timeout-before"):
            await reader.read()
        else:
            answer = await self._forwarded(call, reader)
            if answer is None or fault == "reset-after":
                _reset(writer)
            elif fault == "timeout-after":
                await reader.read()
            else:
                await self._relay(call, await self._changed(call, answer), writer)

    async def _instead(self, call: Call, writer: asyncio.StreamWriter) -> None:
        status, body = _INSTEAD[call.fault or ""]
        headers = {"content-type": "text/html" if body is HTML else "application/json"}
        if call.fault == "429-retry-after":
            headers["retry-after"] = "1"
        if status == 307:
            headers["location"] = f"http://127.0.0.1:{self.port}{call.path}"
        await self._relay(call, Answer(status, headers, body), writer)

    async def _forwarded(self, call: Call, reader: asyncio.StreamReader) -> Answer | None:
        """Return the sandbox's answer; None if it gave none, or if the client does not wait any more."""
        if call.fault == "shifted":
            await self._plant_while_read(call)
        call.forwarded = True
        asking = asyncio.create_task(self._ask(call.method, call.path, call.headers, call.body))
        leaving = asyncio.create_task(reader.read(1))  # no client speaks before it was answered
        await asyncio.wait([asking, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            leaving.exception()  # a reset says no more than an end
            return None
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        return asking.result()

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        kept = {
            name: value for name, value in headers.items() if name not in ("connection", "transfer-encoding")
        }
        kept |= {"connection": "close", "content-length": str(len(body))}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in kept.items()
        )
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(head.encode("latin-1") + b"\r\n" + body)
                answer = await reader.read()
            finally:
                writer.close()
        except OSError:
            return None
        return _parsed(answer)

    async def _plant_while_read(self, call: Call) -> None:
        """A mail that looks like one that is sought arrives between two pages, and moves all others."""
        sought = parse_qs(urlsplit(call.path).query).get("q", ["Avviso"])[0]
        mailbox = self._mailboxes[call.headers["x-username"]]
        await self.plant(mailbox, "burla@pec.example", f"ANOMALIA MESSAGGIO: CONSEGNA: {sought}", "burla")

    async def plant(self, mailbox: str, sender: str, subject: str, text: str) -> None:
        """A mail in a mailbox, as from anyone."""
        body = json.dumps({"mailbox": mailbox, "sender": sender, "subject": subject, "text": text}).encode()
        await self._ask("POST", PLANT, {"host": "sandbox", "content-type": "application/json"}, body)

    async def _changed(self, call: Call, answer: Answer) -> Answer:
        """Return the API's answer as the fault changes it."""
        if call.fault == "slow-answer":
            await asyncio.sleep(SLOW_SECONDS)
        if call.fault in _AFTER:
            return _AFTER[call.fault]
        codes = self._codes.setdefault(call.sender, [])
        body = garbled(call.fault, answer.body, codes)
        if call.fault in _GARBLING and body == answer.body:
            self._put_off[call.kind].append(call.fault)  # there was nothing to garble
            call.fault = None
        if call.method == "POST" and not call.fault and answer.status == 201:
            codes.append(str(json.loads(body).get("message_id")))
        if self._mangled and call.method == "GET":
            body = _ACCENTED.sub("\ufffd", body.decode()).encode()
        return Answer(answer.status, answer.headers, body)

    async def _relay(self, call: Call, answer: Answer, writer: asyncio.StreamWriter) -> None:
        call.status = answer.status
        for mark in [one for one in self.marks if one.encode() in answer.body]:
            self.shown[self.marks.pop(mark)] += 1
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("connection", "content-length", "transfer-encoding")
        }
        headers["content-length"] = str(len(answer.body))
        head = f"HTTP/1.1 {answer.status} X\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        writer.write(head.encode("latin-1") + b"\r\n" + answer.body)
        await writer.drain()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


def _parsed(answer: bytes) -> Answer | None:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Answer(int(first.split(" ")[1]), headers, body)


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
