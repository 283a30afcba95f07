"""The actors that read mailboxes, given mails that are mostly wrong: `python -m tests.fuzz.receipts --seed 1`.

A check, a look-up and a reading of pages must never raise, whatever stands in a mailbox or comes over the wire. No
forgery moves a message, none drops out of the schedule before it has ended, and after all that the true receipt is
taken. Memory must stay flat.
"""

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from email.header import Header
from typing import Any
from urllib.parse import unquote

import structlog
from redis import Redis

from config.redis_connection import connect
from config.settings import Settings
from pec.api.client import PecClient
from pec.changes import created
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import HEADINGS
from pec.store import accounts, records
from pec.store.commits import commit
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.fuzz.answers import answer
from tests.fuzz.memory import MAX_GROWTH, Memory
from tests.wire import Peer, Received, Wire
from workers.context import WorkerContext
from workers.tasks.check import check
from workers.tasks.inbox_scan import scan
from workers.tasks.lookup import look_up

Item = dict[str, Any]
CHUNK = 30  # messages, before all get their true receipts and the database is emptied
ROUNDS = 4  # looks at each of them until then
PROVIDER = "posta-certificata@pec.example"
NOBODYS_CODE = "2026112309300099"
UNMOVED = (State.SENT, State.UNCERTAIN, State.HELD)
QUOTA: Item = {"data": {"usage": 1, "limit": 1000}}
SETTINGS: Item = {
    "api": {"token": "t", "read_rate": 1000, "timeout_seconds": 5},
    "accounts": {"acme": {"sender": "me@pec.example", "username": "me", "password": "x"}},
    "uncertain": {"lookup_seconds": [1, 2, 3]},
}


@dataclass(slots=True)
class Report:
    """The results. `faults` is empty if all is well."""

    looks: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True)
class Mailbox:
    """The API's present answers about the mailbox: `raw` bytes to every request, or these mails."""

    mails: list[Item] = field(default_factory=list)
    raw: bytes = b""

    def script(self, peer: Peer) -> None:
        while True:
            asked = peer.read()
            if self.raw:
                peer.say(self.raw)
                return
            peer.answer(200, {"success": True, "message": "", **self._answer(asked)})

    def _answer(self, asked: Received) -> Item:
        if asked.target.startswith("/quota"):
            return QUOTA
        if asked.target.startswith("/send/"):
            code = unquote(asked.target.removeprefix("/send/"))
            return {"data": [mail for mail in self.mails if code in str(mail.get("subject"))]}
        return {"data": self.mails[:25], "page": 1, "total": len(self.mails), "n_of_pages": 1}


def true(message: Message, code: str, heading: str) -> Item:
    """A receipt as the provider writes it."""
    subject = f"{heading}: {message.sent_subject} {code}"
    text = f"Il messaggio indirizzato a {message.recipients[0]} è stato consegnato"
    item = {"id": 1, "sender": PROVIDER, "recipient": "me@pec.example", "subject": subject}
    return {**item, "date": "Mon, 23 Nov 2026 09:30:00 +0100", "body": text}


def forged(chance: random.Random, message: Message, code: str) -> Item:
    """A mail that looks like a receipt, and is none of ours."""
    mail = true(message, code, chance.choice(HEADINGS).words)
    subject = mail["subject"]
    other: Item = chance.choice(
        (
            {
                "sender": chance.choice(
                    ("posta-certificata@", "a@pec.example", "posta-certificata", "", "\u0000")
                )
            },
            {"subject": f"Re: {subject}"},
            {"subject": f"POSTA CERTIFICATA: {subject}"},
            {"subject": subject + ("0" if message.code else "0000000")},  # another's code, or none
            {"subject": "POSTA_CERTIFICATA:_" + subject.replace(" ", "_")},
            {"subject": Header(f"ANOMALIA MESSAGGIO: {subject}", "utf-8").encode()},
            {"subject": f"{subject} x"},
            {"subject": subject.replace(code, f"9{code}")},
            {"subject": ""},
            {"sender": f"Posta <{PROVIDER}> <a@b.example>"},
        )
    )
    return mail | other


def spoilt(chance: random.Random, message: Message, code: str) -> Item:
    """A mail of any kind: it may be taken for a receipt, or not."""
    mail = true(message, code, chance.choice(HEADINGS).words)
    for _ in range(chance.choice((1, 1, 2, 4))):
        name = chance.choice(("sender", "recipient", "subject", "date", "body", "data", "object", "message"))
        mail[name] = _other(chance, str(mail.get(name, "")))
    return mail


def _other(chance: random.Random, text: str) -> Any:
    cut = chance.randrange(len(text) + 1)
    ways: tuple[Callable[[], Any], ...] = (
        lambda: text[:cut] + chance.choice(("\0", "\ud800", "\r\n", "é", "=?utf-8?q?=E0?=", "<")) + text[cut:],
        lambda: text[:cut],
        lambda: text.swapcase(),
        lambda: text.encode("utf-8", "replace").decode("latin-1"),
        lambda: text + "x " * chance.choice((10, 1000, 200_000)),
        lambda: chance.choice((None, 0, True, [], {}, [text], {"a": text}, 10**30, float("inf"))),
        lambda: chance.choice(("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "99/99/9999 99:99", "")),
        lambda: " ".join(f"a{number}@pec.example ('posta certificata')" for number in range(chance.choice((2, 3000)))),
    )  # fmt: skip
    return chance.choice(ways)()


def run(redis_url: str, seed: int, looks: int) -> Report:
    """So many looks, at mailboxes of all kinds. The server's database is emptied again and again."""
    chance, report = random.Random(seed), Report()
    with connect(redis_url) as client:
        while report.looks < looks:
            box = Mailbox()
            with Wire(box.script) as wire:  # one for some: it keeps its requests
                settings = Settings.model_validate({**SETTINGS, "api": {**SETTINGS["api"], "url": wire.url}})
                with closing(PecClient(settings.api)) as api, structlog.testing.capture_logs():
                    _chunk(client, WorkerContext(settings, Store(client, "pec"), api), box, chance, report)
            report.memory.note()
    return report


def _chunk(client: Redis, ctx: WorkerContext, box: Mailbox, chance: random.Random, report: Report) -> None:
    client.flushdb()
    ctx.sync_clock()
    accounts.register(ctx.store, "acme", ctx.token("acme"))
    messages = [_stored(ctx, number) for number in range(CHUNK)]
    for _ in range(ROUNDS):
        for number, message in enumerate(messages):
            kind = forged if number % 2 else spoilt
            code = chance.choice((_code(number), _code(number), NOBODYS_CODE))
            box.mails = [kind(chance, message, code) for _ in range(chance.choice((0, 1, 3, 30)))]
            box.raw = answer(chance) if chance.random() < 0.2 else b""
            _look(ctx, message, report, pages=chance.random() < 0.3)
            _judge(ctx, message, report, moved=number % 2 == 0 or bool(box.raw))
    box.raw = b""
    for number, message in enumerate(messages):
        code = _read(ctx, message).code or _code(
            number
        )  # a receipt with the reference may have changed another one
        box.mails = [true(message, code, "ACCETTAZIONE"), true(message, code, "CONSEGNA")]
        _look(ctx, message, report)
        found = _read(ctx, message)
        if found.state is not State.DELIVERED:
            report.faults.append(f"the true receipt of {message.id} was not taken: {found}")
        report.ended[str(found.state)] += 1


def _stored(ctx: WorkerContext, number: int) -> Message:
    """One that was sent, or one that perhaps was, by turns."""
    sent_at = ctx.now() - timedelta(hours=3)
    lost = number % 3 == 0
    message = Message(
        id=f"m{number}", account="acme", recipients=("consegna@pec.example",), subject=f"Avviso così n. {number}",
        state=State.UNCERTAIN if lost else State.SENT, created_at=sent_at, updated_at=sent_at,
        claimed_at=sent_at, sent_at=sent_at, code=None if lost else _code(number), reference=f"7K2{number:02}",
    )  # fmt: skip
    return commit(ctx.store, created(message, due={Queue.LOOKUP if lost else Queue.CHECK: sent_at}))


def _read(ctx: WorkerContext, message: Message) -> Message:
    found = records.read(ctx.store, message.id)
    assert found, f"{message.id} is gone"
    return found


def _code(number: int) -> str:
    return f"202611230930{number:02}01"


def _look(ctx: WorkerContext, message: Message, report: Report, *, pages: bool = False) -> None:
    """Run the task that the message's state needs, as the actors do."""
    report.looks += 1
    state = _read(ctx, message).state
    try:
        if pages:
            scan(ctx, "acme")
        elif state in (State.UNCERTAIN, State.HELD):
            look_up(ctx, message.id)
        else:
            check(ctx, message.id)
    except Exception as error:
        report.faults.append(f"raised: {error!r}: {''.join(traceback.format_tb(error.__traceback__)[-2:])}")


def _judge(ctx: WorkerContext, message: Message, report: Report, *, moved: bool) -> None:
    """Check what must hold after any check. `moved`: a receipt that may count was shown."""
    found = _read(ctx, message)
    if not moved and found.state not in UNMOVED:
        report.faults.append(f"a forgery made {message.id} {found.state}")
    due = [
        ctx.store.client.zscore(ctx.store.keys.due(queue), found.id) for queue in (Queue.CHECK, Queue.LOOKUP)
    ]
    if not found.ended and due == [None, None]:
        report.faults.append(f"{message.id} is {found.state}, and nobody will look again")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--looks", type=int, default=20_000)
    asked = parser.parse_args()
    began = time.monotonic()
    with EmbeddedServer() as server:
        report = run(server.url, asked.seed, asked.looks)
    said = [
        f"seed {asked.seed}: {report.looks} looks in {time.monotonic() - began:.0f} s; ended {dict(report.ended)}",
        str(report.memory),
        *report.faults[:20],
        f"{len(report.faults)} faults",
    ]
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(1 if report.faults or report.memory.growth > MAX_GROWTH else 0)


if __name__ == "__main__":
    main()
