"""Events in the stream, and deliveries of them: what the tests of the outbox do and ask, again and again."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from config.settings import Endpoint
from pec.instants import from_epoch
from pec.names import Queue
from pec.store import outbox
from pec.store.dispatch import DispatchRequest, dispatch
from pec.store.outbox import Delivery, DeliveryLease, DeliveryResult
from pec.store.store import Store, text, text_list
from pec.webhooks.outcomes import Failed
from tests.receiver import a_secret

LONG_SECONDS = 60.0
REFUSED = Failed("answered 500", 500)


def endpoint(name: str = "shop", events: list[str] | None = None) -> Endpoint:
    return Endpoint(name=name, url="https://shop.example/", secret=SecretStr(a_secret()), events=events)


def publish(store: Store, event_id: str, kind: str = "message.sent", webhook: str = "", at: str = "*") -> str:
    """Adds an event. Returns its place in the stream."""
    fields: dict[Any, Any] = {"id": event_id, "type": kind, "event": json.dumps({"type": kind})}
    named = {"webhook": webhook} if webhook else {}
    return text(store.client.xadd(store.keys.events, fields | named, id=at))


def publish_one(store: Store, *names: str) -> str:
    """Fan the event `evt_1` out to these endpoints, or to `shop`. Return its place in the stream."""
    endpoints = [endpoint(name) for name in names or ("shop",)]
    outbox.ensure(store, [one.name for one in endpoints])
    entry = publish(store, "evt_1")
    fan_out(store, endpoints)
    return entry


def fan_out(store: Store, endpoints: Iterable[Endpoint], limit: int = 200) -> list[str]:
    """Make deliveries of new events, as a scheduler does. Return the endpoints that have some now."""
    return dispatch(store, DispatchRequest(endpoints=list(endpoints), max_events=limit)).endpoints


def publish_many(store: Store, count: int) -> None:
    with store.client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.xadd(store.keys.events, {"id": f"evt_{number}", "type": "message.sent", "event": "{}"})
        pipeline.execute()


def fan_out_all(store: Store, *endpoints: Endpoint) -> None:
    while fan_out(store, endpoints):
        pass


def take(store: Store, name: str = "shop", lease_seconds: float = LONG_SECONDS) -> Delivery:
    """One, by a worker of its own."""
    (taken,) = outbox.lease(store, DeliveryLease(name, lease_seconds), 1)
    return taken


def take_due(store: Store, name: str = "shop") -> list[Delivery]:
    """Whatever is due now, each by a worker of its own."""
    found = []
    while taken := outbox.lease(store, DeliveryLease(name, LONG_SECONDS), 1):
        found += taken
    return found


def take_all(store: Store, name: str = "shop") -> list[str]:
    """Takes whatever is due now. Returns the webhook-ids."""
    return [taken.event_id for taken in take_due(store, name)]


def end(store: Store, *results: DeliveryResult) -> None:
    """Store the results of what one worker took; it takes nothing more."""
    outbox.lease(store, DeliveryLease(results[0].delivery.endpoint, LONG_SECONDS), 0, results)


def give_up(store: Store, delivery: Delivery, failed: Failed) -> None:
    end(store, DeliveryResult.dead(delivery, failed, from_epoch(store.now())))


def waiting(store: Store, name: str = "shop") -> list[str]:
    """The ids of all deliveries."""
    return text_list(store.client.zrange(store.keys.deliveries(name), 0, -1))


def due(store: Store, name: str = "shop") -> float | None:
    """In how many seconds the endpoint is due next, or None."""
    at: Any = store.client.zscore(store.keys.due(Queue.WEBHOOK), name)
    return None if at is None else float(at) - store.now()


def make_due(store: Store, name: str = "shop") -> None:
    """Time passes: whatever waits is due, and so is a probe."""
    for delivery in waiting(store, name):
        store.client.zadd(store.keys.deliveries(name), {delivery: 1})
    if store.client.hexists(store.keys.endpoint(name), "probe_at"):
        store.client.hset(store.keys.endpoint(name), "probe_at", "1")


def fail(store: Store, times: int, name: str = "shop") -> None:
    """So many deliveries fail, one after the other."""
    for _ in range(times):
        make_due(store, name)
        end(store, DeliveryResult.retry(take(store, name), timedelta(hours=1)))


def pending(store: Store, name: str = "shop") -> int:
    groups: Any = store.client.xinfo_groups(store.keys.events)
    return next(int(one["pending"]) for one in groups if text(one["name"]) == f"endpoint:{name}")


def state(store: Store, name: str = "shop") -> outbox.EndpointState:
    return outbox.status(store, [name])[0]


def take_after_time(store: Store, name: str = "shop") -> Delivery:
    make_due(store, name)
    return take(store, name)


def die(store: Store, name: str = "shop") -> None:
    give_up(store, take_after_time(store, name), REFUSED)
