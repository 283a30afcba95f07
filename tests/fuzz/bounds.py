"""Streams and indexes over many messages: what grows while they live, and what is left when they are gone.

`python -m tests.fuzz.bounds --messages 100000` takes them through the store's own commits: taken, sent, accepted,
delivered, reported to an endpoint, exported, deleted. Its exit code is 1 if a bound is broken.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Endpoint, Retention
from pec.changes import changed
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind, Receipt
from pec.store import outbox, retention
from pec.store.commits import Commit, apply
from pec.store.outbox import DeliveryLease, DeliveryResult
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.pec.store.deliveries import fan_out
from tests.receiver import a_secret

CHUNK = 100
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULES = Retention(messages_days=90)
BODY = "b" * 64
SHOP = Endpoint(name="shop", url="https://shop.example/", secret=SecretStr(a_secret()))
RECEIPTS = {State.ACCEPTED: Kind.ACCETTAZIONE, State.DELIVERED: Kind.CONSEGNA}

ACCOUNT = "pec:account:acme"  # what is expected in its mailbox, and what has come, are sums
ENDPOINT = f"pec:endpoint:{SHOP.name}"  # the longest lease of its workers
ONE_A_MESSAGE = {"pec:message:…", "pec:receipts:…", "pec:code:acme:…", "pec:taken:…"}


@dataclass(frozen=True, slots=True)
class Keys:
    """How many keys of each kind, and how many entries they hold. A kind is a key without its names."""

    keys: Counter[str]
    entries: Counter[str]


def run(client: Redis, count: int) -> tuple[Keys, Keys]:
    """The keys when all have ended, and when all are deleted."""
    store = Store(client, "pec")
    outbox.ensure(store, [SHOP.name])
    apply(store, Commit(contents={BODY: b"<p>Salve</p>"}, uses=[BODY]))  # another message's, which stays
    for start in range(0, count, CHUNK):
        _live(store, range(start, min(start + CHUNK, count)))
        _deliver(store)
    alive = keys_of(client)
    later = NOW + timedelta(days=91)
    for number in range(count):
        assert retention.forget(store, f"m{number}", later, RULES)
    outbox.trim(store, 1e-9)
    return alive, keys_of(client)


def _live(store: Store, numbers: range) -> None:
    born = [enqueued(_message(number), NOW) for number in numbers]
    taken: list[list[str | float]] = [
        ["SET", f"pec:taken:m{number}", "digest 0", "EX", 86_400] for number in numbers
    ]
    apply(
        store,
        Commit(born, uses=[BODY] * len(born), contents={BODY: b"<p>Salve</p>"}, commands=taken),
        intake=True,
    )
    messages = [change.after for change in born]
    for state in (State.SENDING, State.SENT, State.ACCEPTED, State.DELIVERED):
        changes = [changed(one, NOW, _fields(state, one)) for one in messages]
        if state is State.DELIVERED:
            changes = [replace(one, due={Queue.CHECK: None, Queue.RELEASE: None}) for one in changes]
        if state in RECEIPTS:
            changes = [replace(one, receipts=(_receipt(one.after, RECEIPTS[state]),)) for one in changes]
        leave: list[list[str | float]] = [["ZREM", "pec:lane:acme", one.id] for one in messages]
        apply(store, Commit(changes, commands=leave))
        messages = [change.after for change in changes]
    assert retention.mark_exported(store, messages, NOW, RULES) == len(messages)


def _deliver(store: Store) -> None:
    """All events, to the endpoint."""
    while fan_out(store, [SHOP]):
        lease = DeliveryLease(SHOP.name, 60)
        taken = outbox.lease(store, lease, CHUNK)
        while taken:
            taken = outbox.lease(store, lease, CHUNK, [DeliveryResult.delivered(one) for one in taken])


def broken(alive: Keys, left: Keys, count: int) -> list[str]:
    """The bounds that were not kept."""
    found = [f"{kind}: no key of {count} messages" for kind in ONE_A_MESSAGE - set(alive.keys)]
    for kind, keys in alive.keys.items():
        most = count if kind in ONE_A_MESSAGE else 1
        found += [f"{kind}: {keys} keys, {most} at most"] if keys > most else []
    may_stay = {"pec:events": 0, "pec:taken:…": count, f"pec:content:{BODY}": 2, ACCOUNT: 2, ENDPOINT: 1}
    found += [
        f"{kind}: {entries} entries when all are gone, not {may_stay.get(kind, 'the key')}"
        for kind, entries in left.entries.items()
        if entries != may_stay.get(kind)
    ]
    return found


def _message(number: int) -> Message:
    return Message(
        id=f"m{number}",
        account="acme",
        recipients=("x@pec.example",),
        subject="s",
        state=State.QUEUED,
        created_at=NOW,
        updated_at=NOW,
        order=number,
        batch="b",
        body=BODY,
        room=1000,
    )


def _fields(state: State, message: Message) -> dict[str, Any]:
    code = {"code": f"20261125{message.order:08d}"} if state is State.SENT else {}
    return {"state": state, **code}


def _receipt(message: Message, kind: Kind) -> Receipt:
    return Receipt(
        kind=kind,
        subject=message.subject,
        code=message.code or "",
        date=NOW,
        virus=False,
        named=(),
        final=None,
        error=None,
        text="t" * 500,
        sender="posta-certificata@pec.example",
    )


def keys_of(client: Redis) -> Keys:
    keys, entries = Counter[str](), Counter[str]()
    for key, size in _sizes(client):
        kind = re.sub(r":(m\d+|\d{16})$", ":…", key)
        keys[kind] += 1
        entries[kind] += size
    return Keys(keys, entries)


def _sizes(client: Redis) -> Iterator[tuple[str, int]]:
    sizes: Any = {b"zset": client.zcard, b"stream": partial(_entries, client), b"hash": client.hlen}
    for key in client.scan_iter(count=5000):
        yield key.decode(), int(sizes.get(client.type(key), lambda _: 1)(key))


def _entries(client: Redis, stream: bytes) -> int:
    """Return the size of the stream, and the pending entries of its groups."""
    groups: Any = client.xinfo_groups(stream)
    return int(client.xlen(stream)) + sum(int(group["pending"]) for group in groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    count, began = parser.parse_args().messages, time.monotonic()
    with EmbeddedServer() as server, connect(server.url) as client:
        alive, left = run(client, count)
    said = [
        f"{count} messages in {time.monotonic() - began:.0f} s; kind of key, keys and entries, then when gone:"
    ]
    said += [
        f"{kind}: {alive.keys[kind]}, {alive.entries[kind]}; {left.keys[kind]}, {left.entries[kind]}"
        for kind in sorted(alive.keys)
    ]
    found = broken(alive, left, count)
    said += [*found, f"{len(found)} bounds broken"]
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
