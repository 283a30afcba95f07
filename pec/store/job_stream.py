"""The stream `pec:jobs`: read entries and reject them. An entry leaves in the step that ends it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from pec.account_names import account_of
from pec.content import sha256
from pec.events import of_rejection
from pec.instants import from_epoch, to_text
from pec.problems import Problem
from pec.store.store import Store, text, wall_clock

GROUP = "workers"
MAX_DELIVERIES = 10  # deaths with a job in hand: fewer may all be those of workers that die of something else
MAX_MEMORY_SHARE = 0.8  # of maxmemory: above it intake waits, so that what is under way can be finished
MAX_MEMORY_SHARE_ARCHIVING = 0.9  # the same with an archive, to which the files of jobs that wait go
NEARLY_FULL_SHARE = 0.7  # from which on operators are warned
MAX_REJECTIONS = 100_000  # kept: 50 MB if a producer writes wrong jobs without end
REJECTION_EVENT_BURST = 10_000  # rejections of an account that are published at once: as many as a day allows
REJECTION_EVENT_MS = 8640  # between two events of rejections after that


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the stream. `job` is the first of `count` such fields, or None if there is none."""

    id: str
    job: bytes | None
    deliveries: int = 1
    count: int = 1


def ensure_group(store: Store) -> None:
    """Make the stream and its consumer group, if they are not there yet."""
    for command in ("XREADGROUP", "XCLAIM"):  # redis-py makes a dict of fields, and so loses repeated ones
        store.client.set_response_callback(command, _as_it_came)
    try:
        store.client.xgroup_create(store.keys.jobs, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def read_new(store: Store, consumer: str, limit: int, block_milliseconds: int) -> list[Entry]:
    """Return entries that no consumer has had; wait for one. Raise redis.ResponseError (NOGROUP) after a flush."""
    reply: Any = store.client.xreadgroup(GROUP, consumer, {store.keys.jobs: ">"}, limit, block_milliseconds)
    streams = reply.items() if isinstance(reply, dict) else reply or []  # RESP3, RESP2
    return [_entry(*pair) for _, entries in streams for pair in entries]


def end_wait(store: Store) -> None:
    """Let a `read_new` of this process, which waits, return at once."""
    mine = store.client.client_getname()
    for one in store.client.client_list(_type="normal"):
        if one["name"] == mine and one["cmd"] == "xreadgroup" and "b" in one["flags"]:
            store.client.client_unblock(int(one["id"]))


def _as_it_came(reply: Any, **_: Any) -> Any:
    return reply


def reclaim(store: Store, consumer: str, idle_seconds: float, limit: int) -> list[Entry]:
    """Take over entries that a consumer, dead or stuck, has held for too long, and return them."""
    idle = int(idle_seconds * 1000)
    pending: Any = store.client.xpending_range(store.keys.jobs, GROUP, "-", "+", limit, idle=idle)
    deliveries = {text(one["message_id"]): int(one["times_delivered"]) for one in pending}
    if not deliveries:
        return []
    claimed: Any = store.client.xclaim(store.keys.jobs, GROUP, consumer, idle, list(deliveries))
    return [
        _entry(entry_id, fields, deliveries[text(entry_id)] + 1) for entry_id, fields in claimed if fields
    ]


def keep(store: Store, consumer: str, entries: Sequence[Entry]) -> None:
    """Keep entries this consumer's that it has had for long through no fault of theirs: no try counts."""
    ids: list[int | bytes | str | memoryview[int]] = [entry.id for entry in entries]
    store.client.xclaim(store.keys.jobs, GROUP, consumer, 0, ids, retrycount=1, justid=True)


def remove_consumers(store: Store, idle_seconds: float) -> int:
    """Remove consumers that hold no entry and have been idle for so long, and return how many."""
    return int(store.run("remove_consumers", GROUP, round(idle_seconds * 1000)))


def _entry(entry_id: bytes, fields: Sequence[bytes], deliveries: int = 1) -> Entry:
    found = [value for name, value in zip(fields[::2], fields[1::2], strict=True) if name == b"job"]
    return Entry(text(entry_id), found[0] if found else None, deliveries, len(found))


def removal(store: Store, entry_id: str) -> list[list[str | float]]:
    """Return the commands by which an entry leaves the stream."""
    return [["XACK", store.keys.jobs, GROUP, entry_id], ["XDEL", store.keys.jobs, entry_id]]


def reject(store: Store, entry: Entry, problems: Sequence[Problem], safe: dict[str, str]) -> None:
    """Remove the job, store why it was rejected and publish the event, in one step and only once.

    Of the job's content only length and hash are stored. Limits are those of the account that it names.
    """
    raw = entry.job or b""
    now = from_epoch(wall_clock())
    fields = {
        "job": json.dumps(safe, ensure_ascii=False),
        "errors": json.dumps([problem.as_dict() for problem in problems], ensure_ascii=False),
        "entry": entry.id,
        "length": str(len(raw)),
        "sha256": sha256(raw),
        "at": to_text(now),
    }
    event = of_rejection(entry.id, safe, problems, now)
    limited = of_rejection(entry.id, safe, problems, now, limit_reached=True)
    published = {"id": event.id, "type": event.type, "body": event.body, "limited": limited.body}
    flat = [part for pair in fields.items() for part in pair]
    store.run(
        "reject",
        GROUP,
        entry.id,
        account_of(safe) or "",
        json.dumps(flat),
        json.dumps(published),
        MAX_REJECTIONS,
        REJECTION_EVENT_BURST,
        REJECTION_EVENT_MS,
    )
