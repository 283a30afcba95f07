"""Moves small content of messages whose proof is complete from Redis to the archive: it is needed for exports only."""

import json
from collections.abc import Iterator
from typing import Any

from archive.contents import MAX_BYTES_IN_REDIS
from archive.vault import CONTENT, Vault
from pec.names import EventType
from pec.store import records
from pec.store.store import Store, text

CHUNK = 500
ONE, MANY = (
    1,
    2**31,
)  # messages that may need content which leaves Redis: small content is read there by all of a batch
START = "0-0"


def move_finished(store: Store, vault: Vault) -> int:
    """Move the content of each message whose `proof.complete` was published since the last time.

    Return how many contents were moved. Raise VaultAway; the next call continues with the same events.
    """
    key, moved = store.keys.installation, 0
    last = text(store.client.hget(key, "archived_to") or START)
    while entries := _entries(store, last):
        ids = [found for _, fields in entries if (found := _with_proof(fields))]
        for digest in dict.fromkeys(_contents_of(store, ids)):
            moved += _move(store, vault, digest)
        last = text(entries[-1][0])
        store.run("write", "HSET", key, "archived_to", last)  # at maxmemory too: this frees memory
    return moved


def _entries(store: Store, after: str) -> list[Any]:
    found: Any = store.client.xrange(store.keys.events, min=f"({after}", count=CHUNK)
    return list(found)


def _with_proof(fields: dict[bytes, bytes]) -> str | None:
    if fields.get(b"type", b"").decode() != EventType.PROOF_COMPLETE:
        return None
    return str(json.loads(fields[b"event"])["data"]["id"])


def _contents_of(store: Store, ids: list[str]) -> Iterator[str]:
    for message in records.read_all(store, ids, on_unsupported=lambda _: None):
        if message.ended and message.proof:
            yield from ([message.body] if message.body else [])
            yield from (file.sha256 for file in message.attachments)


def _move(store: Store, vault: Vault, digest: str) -> bool:
    data = records.contents(store, [digest])[digest]
    if data is None:
        return False
    most_refs = ONE if len(data) <= MAX_BYTES_IN_REDIS else MANY
    if records.refs_of(store, digest) > most_refs:
        return False
    vault.put(data, CONTENT)
    return bool(store.run("archived", digest, len(data), most_refs))
