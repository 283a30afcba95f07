"""Streams and indexes over many messages: what grows while they live, and what is left when they are gone.

`python -m tests.fuzz.bounds --messages 100000` takes them through the store's own commits: taken, sent, delivered,
exported, forgotten.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from config.connections import connect
from config.embedded import EmbeddedServer
from config.settings import Retention
from pec.changes import changed
from pec.intake import enqueued
from pec.messages import Message
from pec.names import Queue, State
from pec.store import outbox, retention
from pec.store.commits import Commit, apply
from pec.store.store import Store

CHUNK = 100
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULES = Retention(messages_days=90)
BODY = "b" * 64


@dataclass(frozen=True, slots=True)
class Keys:
    """How many keys of each kind, and how many entries they hold. A kind is a key without its names."""

    keys: Counter[str]
    entries: Counter[str]


def run(client: Redis, count: int) -> tuple[Keys, Keys]:
    """What is there when all have ended, and when all are gone."""
    store = Store(client, "pec")
    apply(store, Commit(contents={BODY: b"<p>Salve</p>"}, uses=[BODY]))  # somebody else's, who stays
    for start in range(0, count, CHUNK):
        _live(store, range(start, min(start + CHUNK, count)))
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
        leave: list[list[str | float]] = [["ZREM", "pec:lane:acme", one.id] for one in messages]
        apply(store, Commit(changes, commands=leave))
        messages = [change.after for change in changes]
    assert retention.mark_exported(store, messages, NOW, RULES) == len(messages)


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
    )


def _fields(state: State, message: Message) -> dict[str, Any]:
    code = {"code": f"20261125{message.order:08d}"} if state is State.SENT else {}
    return {"state": state, **code}


def keys_of(client: Redis) -> Keys:
    keys, entries = Counter[str](), Counter[str]()
    for key, size in _sizes(client):
        kind = re.sub(r":(m\d+|\d{16})$", ":…", key)
        keys[kind] += 1
        entries[kind] += size
    return Keys(keys, entries)


def _sizes(client: Redis) -> Iterator[tuple[str, int]]:
    sizes: Any = {b"zset": client.zcard, b"stream": client.xlen, b"hash": client.hlen}
    for key in client.scan_iter(count=5000):
        yield key.decode(), int(sizes.get(client.type(key), lambda _: 1)(key))


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
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
