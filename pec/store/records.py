"""Read what the store keeps of messages: records, receipts and their JSON, content, batches."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from pec.messages import Message, UnsupportedRecord, from_hash
from pec.names import State
from pec.originals import Original
from pec.receipts import Kind, Named, Receipt
from pec.store.store import Store, text, text_dict, text_list

CHUNK = 500
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class StoredReceipts:
    """The stored receipts of a message, by key. `reported` are digests of mails that were reported once."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    reported: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outline:
    """A few fields of a record, as it has them."""

    account: str
    state: str
    recipient: str
    subject: str


def read(store: Store, message_id: str) -> Message | None:
    """Return the message, or None. Raise UnsupportedRecord."""
    stored = text_dict(store.client.hgetall(store.keys.message(message_id)))
    return from_hash(message_id, stored) if stored else None


OnUnsupported = Callable[[UnsupportedRecord], object]


def read_all(
    store: Store, message_ids: Iterable[str], on_unsupported: OnUnsupported | None = None
) -> Iterator[Message]:
    """Yield the messages that exist, in order, a chunk to a round trip.

    A record of a newer version is handed to `on_unsupported` and left out. Without that, raise UnsupportedRecord.
    """
    ids = list(message_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with store.client.pipeline(transaction=False) as pipeline:
            for message_id in chunk:
                pipeline.hgetall(store.keys.message(message_id))
            for message_id, stored in zip(chunk, pipeline.execute(), strict=True):
                if stored and (message := _known(message_id, text_dict(stored), on_unsupported)):
                    yield message


def read_all_with_receipts(
    store: Store, message_ids: Iterable[str], chunk: int = 100, on_unsupported: OnUnsupported | None = None
) -> Iterator[tuple[Message, StoredReceipts]]:
    """Yield the messages that exist with their receipts, in order, a chunk to a round trip and in memory.

    A record of a newer version is handed to `on_unsupported` and left out. Without that, raise UnsupportedRecord.
    """
    waiting = iter(message_ids)
    while ids := list(islice(waiting, chunk)):
        with store.client.pipeline(transaction=False) as pipeline:
            for message_id in ids:  # the record first, so that no receipt which its state rests on is missing
                pipeline.hgetall(store.keys.message(message_id))
                pipeline.hgetall(store.keys.receipts(message_id))
            replies = [text_dict(reply) for reply in pipeline.execute()]
        for message_id, stored, receipts in zip(ids, replies[::2], replies[1::2], strict=True):
            if stored and (message := _known(message_id, stored, on_unsupported)):
                yield message, _kept(receipts)


def _known(message_id: str, stored: dict[str, str], on_unsupported: OnUnsupported | None) -> Message | None:
    try:
        return from_hash(message_id, stored)
    except UnsupportedRecord as met:
        if on_unsupported is None:
            raise
        on_unsupported(met)
        return None


def outlines(store: Store, message_ids: Sequence[str]) -> list[Outline]:
    """Return a few fields of each record, in one round trip. They are empty if there is no record."""
    flat = text_list(store.run("outlines", *message_ids)) if message_ids else []
    return [Outline(*flat[at : at + 4]) for at in range(0, len(flat), 4)]


def read_with_receipts(store: Store, message_id: str) -> tuple[Message | None, StoredReceipts]:
    """Return a message and its receipts, read in one command. Raise UnsupportedRecord."""
    stored, receipts = map(text_dict, store.run("read", message_id))
    return (from_hash(message_id, stored) if stored else None), _kept(receipts)


def receipts_of(store: Store, message_id: str) -> dict[str, Receipt]:
    """Return the receipts of a message by key."""
    return _kept(text_dict(store.client.hgetall(store.keys.receipts(message_id)))).receipts


def _kept(stored: dict[str, str]) -> StoredReceipts:
    receipts = {key: receipt_from_json(value) for key, value in stored.items() if value}
    return StoredReceipts(receipts, frozenset(key for key, value in stored.items() if not value))


def contents(store: Store, digests: Iterable[str]) -> dict[str, bytes | None]:
    """Return contents by SHA-256, read in one round trip. None: Redis does not hold it, and the archive may."""
    wanted = list(dict.fromkeys(digests))
    if not wanted:
        return {}
    with store.client.pipeline(transaction=False) as pipeline:
        for sha256 in wanted:
            pipeline.hget(store.keys.content(sha256), "data")
        return dict(zip(wanted, pipeline.execute(), strict=True))


def content_size(store: Store, sha256: str) -> int | None:
    """Return the size in bytes of content in Redis or in the archive, or None if it is in neither."""
    key = store.keys.content(sha256)
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.hexists(key, "data")
        pipeline.hstrlen(key, "data")
        pipeline.hget(key, "archived")
        here, size, archived = pipeline.execute()
    if here:
        return int(size)
    return int(archived) if archived is not None else None


def is_archived(store: Store, sha256: str) -> bool:
    """Return whether the archive holds the content, as Redis knows."""
    return bool(store.client.hexists(store.keys.content(sha256), "archived"))


def refs_of(store: Store, sha256: str) -> int:
    """Return how many messages need the content."""
    found = store.client.hget(store.keys.content(sha256), "refs")
    return int(text(found)) if found is not None else 0


def owner_of(store: Store, account: str, code: str) -> str | None:
    """Return the id of the message that a code of this mailbox belongs to, or None."""
    found = store.client.get(store.keys.code(account, code))
    return text(found) if found is not None else None


def find_by_code(
    store: Store, account: str, codes: Sequence[str], on_unsupported: OnUnsupported
) -> dict[str, tuple[Message, StoredReceipts] | None]:
    """Return messages by their codes in a mailbox, read in one round trip. A code of no message is left out.

    A message is None if its record is gone, or of a newer version, which is handed to `on_unsupported`.
    """
    found: dict[str, tuple[Message, StoredReceipts] | None] = {}
    for code, parts in zip(codes, store.run("find_by_code", account, *codes) if codes else (), strict=True):
        if parts:
            message_id, stored, receipts = text(parts[0]), text_dict(parts[1]), text_dict(parts[2])
            message = _known(message_id, stored, on_unsupported) if stored else None
            found[code] = (message, _kept(receipts)) if message else None
    return found


def ids_of_batch(store: Store, batch: str) -> list[str]:
    """Return the ids of a batch's messages in the order of intake."""
    return text_list(store.client.zrange(store.keys.members(batch), 0, -1))


def ids_of_job(store: Store, job_id: str) -> list[str]:
    """Return the ids of the messages that a job made: its own, or one for each recipient. [] if it is unknown."""
    taken = store.client.get(store.keys.taken(job_id))
    if taken is not None:
        count = int(text(taken).split()[1])
        return children(job_id, count)
    return [job_id] if store.client.exists(store.keys.message(job_id)) else []


def children(job_id: str, count: int) -> list[str]:
    """Return `id`, or `id#1`, `id#2`, … if a job made several messages."""
    return [job_id] if count == 0 else [f"{job_id}#{number}" for number in range(1, count + 1)]


def counts(store: Store) -> dict[State, int]:
    """Return the number of messages in each state."""
    with store.client.pipeline(transaction=False) as pipeline:
        for state in State:
            pipeline.zcard(store.keys.state(state))
        return dict(zip(State, pipeline.execute(), strict=True))


def batch_of(store: Store, name: str) -> dict[str, str]:
    """Return the hash `pec:batch:<name>`, empty if there is none."""
    return text_dict(store.client.hgetall(store.keys.batch(name)))


# Receipts as `pec:receipts:<id>` keeps them: JSON, one field a receipt


def receipt_to_json(receipt: Receipt) -> str:
    """Return the receipt as JSON: stored so, and shown so to people and programs."""
    stated = _JSON.encode(receipt_to_dict(receipt))
    return stated.encode("utf-8", "replace").decode()  # an API's JSON can hold lone surrogates


def receipt_to_dict(receipt: Receipt) -> dict[str, Any]:
    return {
        "kind": str(receipt.kind),
        "date": receipt.date.isoformat() if receipt.date else None,
        "code": receipt.code,
        "subject": receipt.subject,
        "sender": receipt.sender,
        "virus": receipt.virus,
        "final": receipt.final,
        "error": receipt.error,
        "named": [[named.address, named.certified] for named in receipt.named],
        "text": receipt.text,
        **({"original": _original_to_dict(receipt.original)} if receipt.original else {}),
    }


def receipt_from_json(stored: str) -> Receipt:
    """Return the receipt. A newer version may leave out what is null, false or empty."""
    found: Mapping[str, Any] = json.loads(stored)
    return Receipt(
        kind=Kind(found["kind"]),
        date=datetime.fromisoformat(found["date"]) if found.get("date") else None,
        code=found["code"],
        subject=found["subject"],
        sender=found["sender"],
        virus=found.get("virus", False),
        final=found.get("final"),
        error=found.get("error"),
        named=tuple(Named(*pair) for pair in found.get("named", ())),
        text=found.get("text"),
        original=_original_from_dict(found["original"]) if found.get("original") else None,
    )


def _original_to_dict(original: Original) -> dict[str, Any]:
    return {
        **asdict(original),
        "signed_at": original.signed_at.isoformat() if original.signed_at else None,
    }


def _original_from_dict(stored: Mapping[str, Any]) -> Original:
    signed_at = stored.get("signed_at")
    return Original(
        sha256=stored["sha256"],
        size=stored["size"],
        verdict=stored["verdict"],
        identificativo=stored["identificativo"],
        signed_at=datetime.fromisoformat(signed_at) if signed_at else None,
    )
