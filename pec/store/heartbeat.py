"""Live workers and what they serve: so an account or a queue that no worker serves is noticed."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pec.instants import from_text, to_text
from pec.store.store import Store, text, text_dict, text_list

REACHED = "reached"  # in a worker's field `archive`: it left its mark there
WORKERS_REMEMBERED_SECONDS = 86_400  # for those that were killed


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer of Redis to a worker. `restores`: instants (RFC 3339) of backups that live workers report."""

    installation: str  # another one than before: Redis lost what it held
    restores: list[str]


def beat(
    store: Store, seen: Mapping[str, list[str]], seconds: float, about: Mapping[str, str] | None = None
) -> Beat:
    """Note that a live worker serves these, by kind: `account`, `endpoint`, `purge`, `queue`, `restore`, `worker`.

    `about` says where the worker runs, for operators.
    """
    payload = json.dumps(seen), json.dumps(about or {}), secrets.token_hex(8)
    installation, restores = store.run("heartbeat", seconds, WORKERS_REMEMBERED_SECONDS, *payload)
    return Beat(text(installation), text_list(restores))


def note_loss(store: Store, at: datetime) -> None:
    """Note that Redis came back empty, as a worker that lived on has found. The first note counts."""
    store.client.hsetnx(store.keys.installation, "lost_at", to_text(at))


def lost_at(stored: bytes | None) -> datetime | None:
    """Return when a worker noted the loss, from the field `lost_at`."""
    return from_text(text(stored)) if stored else None


def live(store: Store, kind: str) -> set[str]:
    """Return the names of a kind that a live worker serves now."""
    return set(text_list(store.client.zrangebyscore(store.keys.seen(kind), store.now(), "+inf")))


def lately_dead(store: Store, limit: int) -> list[str]:
    """Return the ids of workers that were killed in the last day, the latest first."""
    dead = store.client.zrevrangebyscore(store.keys.seen("worker"), store.now(), "-inf", start=0, num=limit)
    return text_list(dead)


def stop(store: Store, worker_id: str, restores: Sequence[str] = ()) -> None:
    """Remove a worker that stops in an orderly way. Others that report the same restores do so again at once."""
    store.client.delete(store.keys.worker(worker_id))
    store.client.zrem(store.keys.seen("worker"), worker_id)
    if restores:
        store.client.zrem(store.keys.seen("restore"), *restores)


def workers(store: Store) -> dict[str, dict[str, str]]:
    """Return the live workers by id."""
    names = sorted(live(store, "worker"))
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hgetall(store.keys.worker(name))
        found = {name: text_dict(stored) for name, stored in zip(names, pipeline.execute(), strict=True)}
    return {name: about for name, about in found.items() if about}
