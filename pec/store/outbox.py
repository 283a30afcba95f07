"""Events on their way to endpoints: from the stream `pec:events` to deliveries, retries and dead letters.

Each endpoint is a consumer group of the stream. `feed` turns events into deliveries, `take` leases some and ends what
was tried of those before; the rest is for operators. A dead letter keeps its event until a replay delivers it, so that
it does not need the stream, which is trimmed.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import redis

from config.settings import Endpoint
from pec.instants import to_text
from pec.names import Queue
from pec.store import dispatch
from pec.store.store import Store, text, text_dict, text_list
from pec.webhooks.outcomes import Failed

MAX_WAITING = 1000  # deliveries of one endpoint; more events wait in the stream
FORGOTTEN_AFTER_SECONDS = 30 * 86_400
_CHUNK = 500
_GROUP = "endpoint:"
_DEAD = "dead:"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, under a lease. `id` is the stream's, or `dead:<id>` for a replayed letter."""

    endpoint: str
    id: str
    lease: str
    tries: int  # that failed
    event_id: str
    type: str
    event: str  # JSON


@dataclass(frozen=True, slots=True)
class DeliveryLease:
    """One worker's, at one endpoint: it takes deliveries in steps, and at each ends those of the step before."""

    endpoint: str
    lease_seconds: float  # of what one step takes
    id: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of a delivery that was taken: made by the functions below."""

    delivery: Delivery
    outcome: str
    wait_us: int = 0
    letter: Sequence[str | int] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up. `replayed`: it is on its way again."""

    id: str
    endpoint: str
    event_id: str
    type: str
    event: str
    status: int | None  # the last answer's; None where there was none
    why: str
    tries: int
    at: str  # RFC 3339
    replayed: bool


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How one endpoint is doing. `waiting` are deliveries, `lag` events not looked at yet (None: not known)."""

    name: str
    failures: int  # in a row; from 5 on, one delivery at a time probes it
    disabled: bool  # it answered 410
    waiting: int
    lag: int | None
    dead: int
    listening: bool = True  # it has its place in the stream of events
    served: bool = True  # a live worker has it


@dataclass(frozen=True, slots=True)
class _Group:
    """A consumer group. Positions are stream ids."""

    position: str
    pending: int
    lag: int | None


def ensure(store: Store, names: Iterable[str], *, from_the_first: bool = False) -> None:
    """Makes the endpoints' groups, where they are not there yet. A new endpoint hears what comes from now on.

    `from_the_first`: it hears all that the stream holds, because it was there before Redis lost it.
    """
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            start = "0" if from_the_first else "$"
            pipeline.xgroup_create(store.keys.events, _GROUP + name, id=start, mkstream=True)
        for reply in pipeline.execute(raise_on_error=False):
            if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
                raise reply


def fan_out(store: Store, endpoints: Iterable[Endpoint], limit: int = 200) -> list[str]:
    """New events become deliveries: one round trip. Returns the endpoints that have some now.

    An endpoint hears an event when its `events` are None or hold the type, or the event names the endpoint. One that
    `ensure` has not seen is passed over.
    """
    return dispatch.dispatch(store, fan_out_request(endpoints, limit)).endpoints


def fan_out_request(endpoints: Iterable[Endpoint], limit: int = 200) -> dict[str, object]:
    """For new events of these endpoints, up to so many of each."""
    wanted = [
        {"name": one.name, "all": one.events is None, "types": dict.fromkeys(one.events or [], True)}
        for one in endpoints
    ]
    return {"endpoints": wanted, "most": limit, "bound": MAX_WAITING}


def lease(
    store: Store, turn: DeliveryLease, limit: int, ended: Sequence[DeliveryResult] = ()
) -> list[Delivery]:
    """Ends what the turn's last step took, and takes what has been due longest: one round trip.

    Nobody else gets it before the lease ends. Nothing is taken when nothing is to be done now; the turn is over then.
    What has ended already, or somebody else has by now, stays as it is: then what they say counts.
    """
    lease = ended[0].delivery.lease if ended else ""
    tried = json.dumps([[one.delivery.id, one.outcome, one.wait_us, one.letter] for one in ended])
    lease_us = round(turn.lease_seconds * 1e6)
    reply = store.run("deliver", turn.endpoint, turn.id, lease, limit, lease_us, tried)
    if reply is None:
        return []
    held, *rest = text_list(reply)
    return [
        Delivery(turn.endpoint, rest[at], held, int(rest[at + 1]), *rest[at + 2 : at + 5])
        for at in range(0, len(rest), 5)
    ]


def acknowledge(delivery: Delivery) -> DeliveryResult:
    """It was delivered: it ends, and the endpoint's circuit closes."""
    return DeliveryResult(delivery, "delivered")


def retry(delivery: Delivery, wait: timedelta) -> DeliveryResult:
    """It failed, and is due again after the wait."""
    return DeliveryResult(delivery, "retry", round(wait.total_seconds() * 1e6))


def give_up(delivery: Delivery, failed: Failed, at: datetime) -> DeliveryResult:
    """It failed for the last time: it becomes a dead letter."""
    letter = {
        "endpoint": delivery.endpoint,
        "id": delivery.event_id,
        "type": delivery.type,
        "event": delivery.event,
        "status": failed.status or "",
        "why": failed.why,
        "tries": delivery.tries + 1,
        "at": to_text(at),
    }
    return DeliveryResult(delivery, "dead", letter=[part for pair in letter.items() for part in pair])


def disable(delivery: Delivery) -> DeliveryResult:
    """410: nothing more is tried, this delivery included, until `enable`."""
    return DeliveryResult(delivery, "gone")


def give_back(delivery: Delivery) -> DeliveryResult:
    """It was not tried: it is due now, for anybody."""
    return DeliveryResult(delivery, "untried")


def enable(store: Store, endpoint: str) -> None:
    """Whatever waits is tried again, at once."""
    with store.client.pipeline() as pipeline:
        pipeline.hdel(store.keys.endpoint(endpoint), "disabled", "failures", "probe_at")
        pipeline.zadd(store.keys.due(Queue.WEBHOOK), {endpoint: store.now()})
        pipeline.execute()


def status(store: Store, names: Sequence[str]) -> list[EndpointState]:
    """In the order of the names."""
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


def dead(store: Store, endpoint: str | None = None, limit: int = 100) -> list[DeadLetter]:
    """Dead letters of one endpoint, or of all; newest first."""
    return list(islice(_letters(store, endpoint), limit))


def replay_dead(store: Store, endpoint: str, letters: Collection[str] | None = None) -> int:
    """Dead letters (by id; None: all) become deliveries that nothing was tried for. Returns how many more there are.

    They stay among the dead until they are delivered.
    """
    now = store.now()
    chosen = {
        _DEAD + letter.id: now
        for letter in _letters(store, endpoint)
        if letters is None or letter.id in letters
    }
    if not chosen:
        return 0
    with store.client.pipeline() as pipeline:
        pipeline.zadd(store.keys.deliveries(endpoint), chosen, nx=True)
        pipeline.zadd(store.keys.due(Queue.WEBHOOK), {endpoint: now})
        return int(pipeline.execute()[0])


def replay_since(store: Store, endpoint: str, instant: datetime) -> bool:
    """The endpoint gets all events since then again, with the same webhook-ids, as far as the stream goes back.

    False where it has not got there yet, so that nothing is to be repeated. Raises LookupError where no worker has
    ever had this endpoint.
    """
    group = _groups(store).get(endpoint)
    if group is None:
        raise LookupError(f"no worker has had an endpoint {endpoint}")
    before = (max(0, int(instant.timestamp() * 1000) - 1), 2**64 - 1)
    if before >= _as_numbers(group.position):
        return False
    store.client.xgroup_setid(store.keys.events, _GROUP + endpoint, f"{before[0]}-{before[1]}")
    return True


def trim(store: Store, days: float) -> int:
    """Deletes events older than that, but none that an endpoint has still to get. Returns how many.

    An endpoint that no worker has vouched for in 30 days is forgotten: it holds nothing. Consumer groups of others
    don't count either; who reads the stream must keep up.
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
    """By the endpoint's name."""
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
    """The oldest event that this endpoint may still ask for."""
    if not group.pending:
        return group.position
    pending: Any = store.client.xpending(store.keys.events, _GROUP + endpoint)
    return text(pending["min"]) if pending["min"] else group.position


def _letters(store: Store, endpoint: str | None) -> Iterator[DeadLetter]:
    """Newest first."""
    newest = "+"
    while found := _entries(store, newest):
        newest = f"({found[-1][0]}"
        wanted = [one for one in found if endpoint in (None, one[1]["endpoint"])]
        with store.client.pipeline(transaction=False) as pipeline:
            for letter_id, fields in wanted:
                pipeline.zscore(store.keys.deliveries(fields["endpoint"]), _DEAD + letter_id)
            scores = pipeline.execute()
        for (letter_id, fields), score in zip(wanted, scores, strict=True):
            yield _letter(letter_id, fields, score is not None)


def _entries(store: Store, newest: str) -> list[tuple[str, dict[str, str]]]:
    found: Any = store.client.xrevrange(store.keys.dead, newest, "-", _CHUNK)
    return [(text(entry_id), text_dict(fields)) for entry_id, fields in found]


def _letter(letter_id: str, fields: dict[str, str], replayed: bool) -> DeadLetter:
    return DeadLetter(
        id=letter_id,
        endpoint=fields["endpoint"],
        event_id=fields["id"],
        type=fields["type"],
        event=fields["event"],
        status=int(fields["status"]) if fields["status"] else None,
        why=fields["why"],
        tries=int(fields["tries"]),
        at=fields["at"],
        replayed=replayed,
    )


def _as_numbers(stream_id: str) -> tuple[int, int]:
    time, number = stream_id.split("-")
    return int(time), int(number)
