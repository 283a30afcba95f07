"""Enqueue jobs once: the idempotency of requests, kept in Redis with the jobs in one step.

A record says which request had a key, and the answer it got. Repeats get that answer, however many come at once and
whichever process dies.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import redis

from config.redis_connection import RedisUnreachable
from pec.content import sha256
from pec.store import rejections, replication
from pec.store.store import Store, text, text_list

UPLOAD_SECONDS = 7 * 86400
KEY_SECONDS = 7 * 86400  # a key of the client's is remembered so long; the ids of its messages for longer
UNANSWERED_SECONDS = 86400  # a request without a key is remembered so long, until its answer was given


class KeyReused(Exception):
    """The key was used for another request: nothing was enqueued."""


class NoFreeCode(Exception):
    """Every candidate was given before: choose others. Nothing was enqueued."""


class TooMuchHeld(Exception):
    """The token's uploads and waiting jobs leave no room for this request. Nothing was enqueued."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"there may be room in {wait_seconds:.0f} s")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that adds jobs. Equal ones have the same `record` and `fingerprint`; "": it is never a repeat.

    `uploads`: bytes by their SHA-256, which the jobs name. `codes`: candidates for a code that clients find it by.
    `names`: the SHA-256 of all content that the jobs name. `holder`: the token whose uploads and waiting jobs may be
    `limit_bytes` together; 0: there is no limit.
    The record lasts `keep_seconds` after the latest repeat. `answered` shortens it.
    """

    jobs: Sequence[str]
    record: str = ""
    fingerprint: str = ""
    keep_seconds: float = KEY_SECONDS
    answer: str = ""
    uploads: Mapping[str, bytes] = field(default_factory=dict)
    codes: Sequence[str] = ()
    owner: Mapping[str, str] = field(default_factory=dict)
    code_keep_seconds: float = KEY_SECONDS
    names: Sequence[str] = ()
    holder: str = ""
    limit_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a request. `entries`: of its jobs in the stream, in their order."""

    answer: str
    code: str
    entries: tuple[str, ...]
    repeated: bool


def record_of_key(token_id: str, key: str) -> str:
    """Return the record of an `Idempotency-Key`, which is a token's own."""
    return f"{token_id}:key:{sha256(key.encode())[:40]}"


def record_of_request(token_id: str, fingerprint: str) -> str:
    """Return the record of a request without a key."""
    return f"{token_id}:same:{fingerprint[:40]}"


def accept(store: Store, request: Request) -> Accepted:
    """Enqueue the jobs of a request, or return the answer that it got before. Either is on the replicas awaited.

    Raise KeyReused, NoFreeCode and TooMuchHeld: nothing was enqueued. Raise TooFewReplicas and Redis's errors: the jobs
    may be enqueued then. Repeat the request, which is safe if it has a record, or if its jobs have ids of their own.
    """
    outcome, answer, code, entries = _run(store, request)
    if outcome == "other":
        raise KeyReused
    if outcome == "no_code":
        raise NoFreeCode
    if outcome == "full":
        raise TooMuchHeld(float(answer))
    return Accepted(answer, code, tuple(entries.split()), repeated=outcome == "again")


def is_known(store: Store, record: str) -> bool:
    """Return whether a request had this record, so that a repeat gets its answer."""
    return bool(record) and bool(store.client.exists(_key(store, record)))


def answered(store: Store, records: Sequence[str], keep_seconds: float) -> None:
    """Keep the records so much longer and no more, because their clients have the answers.

    If Redis gives no answer now, they stay as long as those whose answer was lost.
    """
    if not records:
        return
    with (
        suppress(redis.RedisError, RedisUnreachable),
        store.client.pipeline(transaction=False) as pipeline,
    ):
        for record in records:
            pipeline.expire(_key(store, record), max(1, round(keep_seconds)))
        pipeline.execute()


def forget_rejected(store: Store, record: str) -> bool:
    """Forget a request if workers rejected one of its jobs: it may be corrected, or repeated. Return whether so."""
    key = _key(store, record)
    entries = store.client.hget(key, "entries")
    if entries is None or not rejections.any_of(store, text(entries).split()):
        return False
    return bool(store.client.delete(key))


def _key(store: Store, record: str) -> str:
    return f"{store.keys.namespace}:once:{record}"


def _run(store: Store, request: Request) -> list[str]:
    stated = {
        "record": request.record,
        "fingerprint": request.fingerprint,
        "keep": max(1, round(request.keep_seconds)),
        "answer": request.answer,
        "codes": list(request.codes),
        "owner": [part for pair in request.owner.items() for part in pair],
        "code_keep": round(request.code_keep_seconds),
        "uploads": list(request.uploads),
        "upload_keep": UPLOAD_SECONDS,
        "holder": request.holder if request.limit_bytes else "",
        "limit": request.limit_bytes,
        "names": [one for one in request.names if one not in request.uploads],
    }
    args: list[str | bytes] = [json.dumps(stated), *request.uploads.values(), *request.jobs]
    return text_list(replication.run_intake(store, "accept", args, replication.JOBS_MILLISECONDS))
