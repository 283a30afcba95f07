"""Events on their way to endpoints: from the stream `pec:events` to deliveries, their leases and their results.

Each endpoint is a consumer group of the stream. `dispatch` turns events into deliveries. `lease` takes some of them and
stores the results of those before. The rest is for operators and for the retention of events.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog

from config.redis_refusals import logged
from config.settings import Endpoint
from config.texts import _
from pec.instants import to_text
from pec.store.delivery_history import KEPT_SECONDS, MAX_KEPT
from pec.store.dispatch import DispatchRequest, dispatch_call
from pec.store.store import ScriptCall, Store, text, text_dict, text_list, unique
from pec.webhooks.outcomes import Failed

FORGOTTEN_AFTER_SECONDS = 30 * 86_400
_HASTENED_AT_ONCE = 1_000  # deliveries: a bound on the time of one step
_GROUP = "endpoint:"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, under a lease. `id` is the stream's, or `dead:<id>` for a replayed letter."""

    endpoint: str
    id: str
    leased_until: str
    tries: int  # that failed
    event_id: str
    type: str
    event: str  # JSON


@dataclass(frozen=True, slots=True)
class DeliveryLease:
    """One worker's lease at one endpoint: each step ends the deliveries of the step before and takes some more."""

    endpoint: str
    lease_seconds: float  # of what one step takes
    id: str = field(default_factory=unique)


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of a delivery that was leased: made by its class methods."""

    delivery: Delivery
    outcome: str
    wait_us: int = 0
    letter: Sequence[str | int] = ()
    note: str = ""  # JSON, of `delivery_history`

    @property
    def is_delivered(self) -> bool:
        return self.outcome == "delivered"

    @classmethod
    def delivered(cls, delivery: Delivery, note: str = "") -> "DeliveryResult":
        """End the delivery, and close the endpoint's circuit."""
        return cls(delivery, "delivered", note=note)

    @classmethod
    def retry(cls, delivery: Delivery, wait: timedelta, note: str = "") -> "DeliveryResult":
        """Count a failure. The delivery is due again after the wait."""
        return cls(delivery, "retry", round(wait.total_seconds() * 1e6), note=note)

    @classmethod
    def dead(cls, delivery: Delivery, failed: Failed, at: datetime, note: str = "") -> "DeliveryResult":
        """Count the last failure, and make a dead letter of the delivery."""
        letter = {
            "endpoint": delivery.endpoint,
            "id": delivery.event_id,
            "type": delivery.type,
            "event": delivery.event,
            "status": failed.status or "",
            "why": failed.why,
            "code": failed.code,
            "details": json.dumps(dict(failed.details), ensure_ascii=False),
            "tries": delivery.tries + 1,
            "at": to_text(at),
        }
        return cls(delivery, "dead", letter=[part for pair in letter.items() for part in pair], note=note)

    @classmethod
    def gone(cls, delivery: Delivery, note: str = "") -> "DeliveryResult":
        """Disable the endpoint (410). Nothing more is tried until `enable`, this delivery included."""
        return cls(delivery, "gone", note=note)

    @classmethod
    def untried(cls, delivery: Delivery) -> "DeliveryResult":
        """Give the delivery back: it is due now, for any worker."""
        return cls(delivery, "untried")


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint's circuit and its counts: `waiting` deliveries, `lag` events not fanned out yet (None: unknown)."""

    name: str
    failures: int  # in a row; from 5 on, one delivery at a time probes it
    disabled: bool  # it answered 410
    waiting: int
    lag: int | None
    dead: int
    listening: bool = True  # it has its place in the stream of events
    served: bool = True  # a live worker has it


@dataclass(frozen=True, slots=True)
class EndpointPosition:
    """How far an event came to an endpoint. `due_at`: when its next try is due, if it waits. `passed`: it is over."""

    due_at: float | None
    tries: int
    passed: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """A consumer group. Positions are stream ids."""

    position: str
    pending: int
    lag: int | None


def ensure(store: Store, names: Iterable[str], *, from_the_first: bool = False) -> None:
    """Make the endpoints' groups if they are missing. A new endpoint gets the events from now on.

    `from_the_first`: it gets all that the stream holds, because it was there before Redis lost its group.
    """
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            start = "0" if from_the_first else "$"
            pipeline.xgroup_create(store.keys.events, _GROUP + name, id=start, mkstream=True)
        for reply in pipeline.execute(raise_on_error=False):
            if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
                raise reply


def lease(
    store: Store,
    lease: DeliveryLease,
    limit: int,
    results: Sequence[DeliveryResult] = (),
    feed: Endpoint | None = None,
) -> list[Delivery]:
    """Store the results of the lease's last step, and take the deliveries that have been due longest: one round trip.

    `feed`: the endpoint itself, whose new events become deliveries first. If that fails, only the log says so. No other
    worker gets what is taken before its time is over. If no delivery is taken, the lease is over too. A delivery that
    has ended, or that another worker has by now, is not changed: the other worker's result counts.
    """
    leased_until = results[0].delivery.leased_until if results else ""
    ended = json.dumps([[one.delivery.id, one.outcome, one.wait_us, one.letter, one.note] for one in results])
    lease_us = round(lease.lease_seconds * 1e6)
    arguments = (lease.endpoint, lease.id, leased_until, limit, lease_us, ended, MAX_KEPT, KEPT_SECONDS)
    step = ScriptCall("deliver", [store.keys.namespace, *arguments])
    feeding = [dispatch_call(store, DispatchRequest(endpoints=[feed]))] if feed else []
    *fed, reply = store.together([*feeding, step])
    for failed in fed:
        if isinstance(failed, Exception):  # a scheduler feeds it too; what is taken need not wait for that
            log.warning("endpoint_not_fed", endpoint=lease.endpoint, **logged(failed))
    if isinstance(reply, Exception):
        raise reply
    if reply is None:
        return []
    until, *rest = text_list(reply)
    return [
        Delivery(lease.endpoint, rest[at], until, int(rest[at + 1]), *rest[at + 2 : at + 5])
        for at in range(0, len(rest), 5)
    ]


def enable(store: Store, endpoint: str) -> int:
    """Close the endpoint's circuit, and make what waits for a retry due now. Return how many deliveries there are.

    Those that are due within the length of a lease may be on their way, and stay.
    """
    with store.client.pipeline() as pipeline:
        pipeline.hdel(store.keys.endpoint(endpoint), "disabled", "failures", "probe_at")
        pipeline.zcard(store.keys.deliveries(endpoint))
        _, waiting = pipeline.execute()
    for _ in range(1 + waiting // _HASTENED_AT_ONCE):
        store.run("hasten", endpoint, _HASTENED_AT_ONCE)
    return int(waiting)


def status(store: Store, names: Sequence[str]) -> list[EndpointState]:
    """Return the state of each endpoint, in the order of the names."""
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hgetall(store.keys.endpoint(name))
            pipeline.zcard(store.keys.deliveries(name))
        replies = pipeline.execute()
    groups = _groups(store)
    return [
        _state(name, text_dict(fields), waiting, groups.get(name))
        for name, fields, waiting in zip(names, replies[::2], replies[1::2], strict=True)
    ]


def positions_of(
    store: Store, names: Sequence[str], entries: Sequence[str]
) -> dict[tuple[str, str], EndpointPosition]:
    """Return how far each event, by its stream id, came to each endpoint."""
    pairs = [(name, entry) for name in names for entry in entries]
    with store.client.pipeline(transaction=False) as pipeline:
        for name, entry in pairs:
            pipeline.zscore(store.keys.deliveries(name), entry)
            pipeline.hget(store.keys.tries(name), entry)
        replies = pipeline.execute()
    groups = _groups(store)
    found = {}
    for (name, entry), due_at, tries in zip(pairs, replies[::2], replies[1::2], strict=True):
        group = groups.get(name)
        reached = group is not None and _as_numbers(group.position) >= _as_numbers(entry)
        found[name, entry] = EndpointPosition(due_at, int(tries or 0), reached and due_at is None)
    return found


def replay_since(store: Store, endpoint: str, instant: datetime) -> bool:
    """Publish all events since then to the endpoint again, with the same webhook-ids, as far as the stream goes back.

    Return False if the endpoint has not reached that point yet: it will receive those events anyway. Raise
    LookupError if no worker has ever served this endpoint.
    """
    group = _groups(store).get(endpoint)
    if group is None:
        raise LookupError(_("no worker has had an endpoint {name}").format(name=endpoint))
    before = (max(0, int(instant.timestamp() * 1000) - 1), 2**64 - 1)
    if before >= _as_numbers(group.position):
        return False
    store.client.xgroup_setid(store.keys.events, _GROUP + endpoint, f"{before[0]}-{before[1]}")
    return True


def trim(store: Store, days: float) -> int:
    """Delete events older than that, but none that an endpoint has still to get. Return how many.

    An endpoint that no worker has served for 30 days keeps no event. Consumer groups of other programs keep none
    either: a program that reads the stream must keep up.
    """
    now = store.now()
    oldest = (int((now - days * 86_400) * 1000), 0)
    since = now - FORGOTTEN_AFTER_SECONDS
    known = text_list(store.client.zrangebyscore(store.keys.seen("endpoint"), since, "+inf"))
    groups = _groups(store)
    needed = [_as_numbers(_needed(store, name, groups[name])) for name in known if name in groups]
    time, number = min([oldest, *needed])
    deleted: Any = store.client.xtrim(store.keys.events, minid=f"{time}-{number}", approximate=False)
    return int(deleted)


def _state(name: str, fields: dict[str, str], waiting: int, group: _Group | None) -> EndpointState:
    return EndpointState(
        name=name,
        failures=int(fields.get("failures", 0)),
        disabled="disabled" in fields,
        waiting=waiting,
        lag=group.lag if group else None,
        dead=int(fields.get("dead", 0)),
        listening=group is not None,
    )


def _groups(store: Store) -> dict[str, _Group]:
    """Return the groups by their endpoint's name."""
    try:
        found: Any = store.client.xinfo_groups(store.keys.events)
    except redis.ResponseError:  # no such key: there was never an event, nor a worker
        return {}
    return {
        text(one["name"]).removeprefix(_GROUP): _Group(
            text(one["last-delivered-id"]), one["pending"], one.get("lag")
        )
        for one in found
        if text(one["name"]).startswith(_GROUP)
    }


def _needed(store: Store, endpoint: str, group: _Group) -> str:
    """Return the stream id of the oldest event that this endpoint may still need."""
    if not group.pending:
        return group.position
    pending: Any = store.client.xpending(store.keys.events, _GROUP + endpoint)
    return text(pending["min"]) if pending["min"] else group.position


def _as_numbers(stream_id: str) -> tuple[int, int]:
    time, number = stream_id.split("-")
    return int(time), int(number)
