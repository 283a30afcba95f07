"""A lean PEC Massiva API, in a process of its own that no figure counts: `python -m bench.api`.

The product's sandbox checks far more, and is slower than what is measured. This one notes when the first byte of each
request came (after the TLS handshake), gives codes and receipts, and takes webhooks. It knows nothing of contenders.
"""

import argparse
import asyncio
import heapq
import json
import os
import random
import socket
import ssl
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 25
PROVIDER = "posta-certificata@pecmassiva.example"
ACCEPTANCE, DELIVERY = 0, 1
HEADINGS = ("ACCETTAZIONE", "CONSEGNA")
EMPTY = {"success": False, "message": "Result empty"}
Range = tuple[float, float]
Reply = tuple[int, Any]


@dataclass(slots=True)
class Sent:
    """One PEC. Times are monotonic, of this machine."""

    at: float
    token: str
    sender: str
    recipient: str
    subject: str
    code: str


@dataclass
class Box:
    """A mailbox: mails that have come, oldest first, and those on their way."""

    come: list[tuple[float, int, str]] = field(default_factory=list)
    coming: list[tuple[float, int, str]] = field(default_factory=list)

    def refresh(self, now: float) -> list[tuple[float, int, str]]:
        while self.coming and self.coming[0][0] <= now:
            self.come.append(heapq.heappop(self.coming))
        return self.come


class Network:
    """The sends and requests that the API got, and its receipts."""

    def __init__(self, acceptance: Range, delivery: Range) -> None:
        self._delays = (acceptance, delivery)
        self._started_at = time.time()
        self._boxes: dict[str, Box] = defaultdict(Box)
        self._due: dict[str, tuple[float, float]] = {}
        self.sends: list[Sent] = []
        self._by_code: dict[str, Sent] = {}
        self.calls: Counter[str] = Counter()
        self.checks: list[tuple[float, str]] = []
        self.hooks: list[tuple[float, str, str]] = []  # when, whose, what
        self.delivered_hooks: list[tuple[float, str]] = []  # when, of which message; first come, first noted

    def answer(self, at: float, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        parts = urlsplit(path)
        _, head, *rest = parts.path.split("/")
        if head == "_bench":
            return 200, self._report(parse_qs(parts.query))
        if head == "hook":
            event = json.loads(body)
            self.hooks.append((at, rest[0], event["type"]))
            if event["type"] == "message.delivered":
                self.delivered_hooks.append((at, str(event.get("data", {}).get("id"))))
            return 204, None
        self.calls[f"{method} /{head}"] += 1
        if method == "POST":
            return 201, self._take(at, headers, body)
        if head == "send":
            return self._receipts(at, rest[0])
        if head == "inbox":
            return 200, self._page(
                at, headers["x-username"], int(parse_qs(parts.query).get("page", ["1"])[0])
            )
        return 200, {"success": True, "message": "", "data": {"usage": 1, "limit": 1048576}}

    def _take(self, at: float, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        job = json.loads(body)
        recipient = job["recipient"] if isinstance(job["recipient"], str) else job["recipient"][0]
        second, place = divmod(len(self.sends), 90)  # codes look like the API's: a local time and two digits
        code = time.strftime("%Y%m%d%H%M%S", time.localtime(self._started_at + second)) + str(10 + place)
        token = headers["authorization"].removeprefix("Bearer ")
        sent = Sent(at, token, job["sender"], recipient, job["subject"], code)
        self.sends.append(sent)
        self._by_code[code] = sent
        accepted, delivered = (at + random.uniform(*span) for span in self._delays)
        self._due[code] = (accepted, max(accepted, delivered))
        for kind, due in enumerate(self._due[code]):
            heapq.heappush(self._boxes[sent.sender].coming, (due, kind, code))
        return {"success": True, "sent": 1, "message": "", "message_id": code}

    def _receipts(self, at: float, code: str) -> Reply:
        self.checks.append((at, code))
        due = self._due.get(code, ())
        data = [self._mail(when, kind, code) for kind, when in enumerate(due) if when <= at]
        return (200, {"success": True, "message": "", "data": data}) if data else (404, EMPTY)

    def _page(self, at: float, mailbox: str, number: int) -> dict[str, Any]:
        """Newest first."""
        mails = self._boxes[mailbox].refresh(at)
        last = len(mails) - (number - 1) * PAGE
        data = []
        for place, (when, kind, code) in enumerate(reversed(mails[max(0, last - PAGE) : max(0, last)])):
            mail = self._mail(when, kind, code)
            data.append(
                {"id": place, "object": mail.pop("subject"), **{k: v for k, v in mail.items() if k != "body"}}
            )
        pages = -(-len(mails) // PAGE)
        return {
            "success": True,
            "message": "",
            "data": data,
            "page": number,
            "total": len(mails),
            "n_of_pages": pages,
        }

    def _mail(self, when: float, kind: int, code: str) -> dict[str, Any]:
        sent = self._by_code[code]
        date = datetime.fromtimestamp(time.time() - time.monotonic() + when, UTC)
        opening = f'il messaggio "{sent.subject}" proveniente da "{sent.sender}" ed indirizzato a'
        text = (
            f'{opening}: {sent.recipient} ("posta certificata") è stato accettato dal sistema ed inoltrato.'
            if kind == ACCEPTANCE
            else f'{opening} "{sent.recipient}" è stato consegnato nella casella di destinazione.'
        )
        return {
            "sender": PROVIDER,
            "recipient": sent.sender,
            "date": date.isoformat(timespec="seconds"),
            "subject": f"{HEADINGS[kind]}: {sent.subject} {code}",
            "body": f"Il giorno {date:%d/%m/%Y} alle ore {date:%H:%M:%S} (+0000) {text} Identificativo: {code}",
        }

    def _report(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Return the sends and requests after these positions."""
        sends, checks, hooks = (int(query.get(name, ["0"])[0]) for name in ("sends", "checks", "hooks"))
        return {
            "sends": [(sent.at, sent.token, sent.recipient) for sent in self.sends[sends:]],
            "due": [self._due[sent.code] for sent in self.sends[sends:]],
            "checks": self.checks[checks:],
            "hooks": self.hooks[hooks:],
            "delivered_hooks": self.delivered_hooks[hooks:],
            "calls": dict(self.calls),
        }


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request after the other, each with its length."""

    def __init__(self, network: Network, answers: Range = (0.0, 0.0)) -> None:
        self._network = network
        self._answers = answers
        self._buffer = b""
        self._began_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._buffer:
            self._began_at = time.monotonic()
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            start, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            method, path, _ = start.split(" ")
            reply = self._network.answer(self._began_at, method, path, headers, body)
            is_last = headers.get("connection") == "close"
            if self._answers[1]:
                loop = asyncio.get_running_loop()
                loop.call_later(random.uniform(*self._answers), self._reply, *reply, is_last)
            else:
                self._reply(*reply, is_last)
            if is_last:
                return

    def _reply(self, status: int, envelope: Any, is_last: bool) -> None:
        content = b"" if envelope is None else json.dumps(envelope).encode()
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._transport.write(head.encode() + content)
        if is_last:
            self._transport.close()


async def _serve_plain(network: Network) -> tuple[asyncio.Server, int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(network), "127.0.0.1", 0, backlog=1024)
    return server, server.sockets[0].getsockname()[1]


async def _serve_tls(
    network: Network, listener: socket.socket, context: ssl.SSLContext, handshake: Range, answers: Range
) -> None:
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()

    async def greet(peer: socket.socket) -> None:
        """A far server: its handshake takes a while, and its answers may."""
        await asyncio.sleep(random.uniform(*handshake))
        with suppress(OSError):
            await loop.connect_accepted_socket(lambda: Connection(network, answers), peer, ssl=context)

    while True:
        peer, _ = await loop.sock_accept(listener)
        task = loop.create_task(greet(peer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


async def _run(options: argparse.Namespace) -> None:
    network = Network(tuple(options.acceptance), tuple(options.delivery))
    _, port = await _serve_plain(network)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setblocking(False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        part = options.ready.with_suffix(".part")
        part.write_text(f"http://127.0.0.1:{port} https://127.0.0.1:{listener.getsockname()[1]}")
        part.replace(options.ready)
        await _serve_tls(network, listener, context, tuple(options.handshake), tuple(options.answers))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready", type=Path, required=True, help="gets the two URLs: plain, and over TLS")
    parser.add_argument("--certificate", type=Path, required=True, help="PEM, with its key")
    at_once = (0.0, 0.0)
    for name, span in (
        ("handshake", (0.05, 0.15)),
        ("answers", at_once),
        ("acceptance", at_once),
        ("delivery", at_once),
    ):
        parser.add_argument(f"--{name}", type=float, nargs=2, default=span, help="seconds, from and to")
    parser.add_argument(
        "--clock", action="store_true", help="go before all others: what counts is when a byte came"
    )
    options = parser.parse_args()
    if options.clock:
        with suppress(PermissionError, AttributeError):  # a nice value counts within one session only
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(options))


if __name__ == "__main__":
    main()
