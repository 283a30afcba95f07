"""Live workers and what they serve: so an account or a queue that no worker serves is noticed."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import NoScriptError

from config.replica_wait import replica_wait
from pec.instants import from_text, to_text
from pec.store.failover import History
from pec.store.minute_figures import KEPT_SECONDS
from pec.store.replication import CLAIM_MILLISECONDS
from pec.store.store import Store, text, text_dict, text_list

REACHED = "reached"  # in a worker's field `archive`: it left its mark there
FAILOVER = ("failover_lost_since", "failover_noted_at")  # fields of the installation's hash
WORKERS_REMEMBERED_SECONDS = 86_400  # for those that were killed


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer of Redis to a worker. `restores`: instants (RFC 3339) of backups that live workers report."""

    installation: str  # another one than before: Redis lost what it held
    restores: list[str]
    history: History
    counts: bool  # every replica that must have it has it
    said_at: float = 0.0  # Redis's time, in epoch seconds
    alike: int = 1  # live workers with the same queues and accounts, itself included; four at most
    place: int = 0  # of this one among them


def beat(
    store: Store,
    seen: Mapping[str, list[str]],
    seconds: float,
    about: Mapping[str, str] | None = None,
    tokens: Iterable[str] = (),
    figures: Mapping[int, Mapping[str, int]] | None = None,
) -> Beat:
    """Note that a live worker serves these, by kind: `account`, `endpoint`, `purge`, `queue`, `restore`, `worker`.

    `about` says where the worker runs, for operators; `tokens` are the digests of those that it sends with.
    `figures` are its counts since the last one, by minute.
    """
    payload = (
        json.dumps(seen),
        json.dumps(about or {}),
        secrets.token_hex(8),
        json.dumps(sorted(tokens)),
        json.dumps(figures or {}),
        json.dumps(KEPT_SECONDS),
    )
    wait = replica_wait(store.client, store.replicas, ask=True)
    args: list[str | float] = [store.keys.namespace, seconds, WORKERS_REMEMBERED_SECONDS, *payload]
    try:
        reply, *acknowledged = _run(store, args, wait.count)
    except NoScriptError:
        store.client.script_load(store.script("heartbeat").script)
        reply, *acknowledged = _run(store, args, wait.count)
    installation, restores, now_us, (alike, place), history = reply
    return Beat(
        text(installation),
        text_list(restores),
        History.of(text_dict(history)),
        counts=wait.is_over(int(acknowledged[0]) if acknowledged else 0),
        said_at=int(now_us) / 1e6,
        alike=int(alike),
        place=int(place),
    )


def _run(store: Store, args: Sequence[str | float], replicas: int) -> list[Any]:
    with store.client.pipeline(transaction=False) as pipeline:
        store.script("heartbeat")(args=args, client=pipeline)
        pipeline.scripts.clear()  # else redis-py asks first, each time, whether the server has it
        if replicas:
            pipeline.wait(replicas, CLAIM_MILLISECONDS)
        return pipeline.execute()


def note_loss(store: Store, at: datetime) -> None:
    """Note that Redis came back empty, as a worker that lived on has found. The first note counts."""
    store.client.hsetnx(store.keys.installation, "lost_at", to_text(at))


def note_failover(store: Store, since: datetime, at: datetime) -> None:
    """Note since when writes are missing after a failover. The earliest counts, until workers reconcile."""
    known = failover_of(store.client.hmget(store.keys.installation, FAILOVER))
    store.client.hset(
        store.keys.installation,
        mapping=dict(
            zip(FAILOVER, map(to_text, (min(since, known[0]) if known else since, at)), strict=True)
        ),
    )


def end_failover(store: Store, reconciled_since: datetime) -> None:
    """Remove the note once workers reconcile what was sent since then."""
    known = failover_of(store.client.hmget(store.keys.installation, FAILOVER))
    if known and reconciled_since <= known[0]:
        store.client.hdel(store.keys.installation, *FAILOVER)


def failover_of(stored: Sequence[Any]) -> tuple[datetime, datetime] | None:
    """Return since when writes are missing, and when that was noted, from the fields FAILOVER."""
    if not all(stored):
        return None
    since, at = (from_text(text(one)) for one in stored)
    return since, at


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
