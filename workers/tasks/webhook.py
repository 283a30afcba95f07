"""Delivers what is due of one endpoint: take a handful, post, settle while taking the next, for a little while."""

import time
from collections.abc import Callable, Sequence

import structlog

from config.settings import Endpoint, Webhooks
from pec.instants import from_epoch
from pec.names import Queue
from pec.store import outbox
from pec.store.outbox import Delivery, DeliveryLease, DeliveryResult
from pec.store.store import Store
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome, wait_before_next
from workers.context import WorkerContext
from workers.metrics.counters import WEBHOOKS

MAX_DELIVERIES = 100
MAX_SECONDS = 5.0
HANDFUL = 5
HANDFUL_SECONDS = 0.25  # what a slow endpoint leaves of a handful goes back, for other threads
LEASE_MARGIN_SECONDS = 30.0  # beyond the timeout: looking up a name has none of its own

log = structlog.get_logger()


def deliver(ctx: WorkerContext, name: str) -> None:
    """The endpoint's turn. One that this process has no settings for is left to another, soon."""
    webhooks = ctx.settings.webhooks
    for endpoint in webhooks.endpoints:
        if endpoint.name == name:
            deliver_due(ctx.store, endpoint, webhooks, lambda: ctx.now().timestamp(), ctx.chance)
            return
    ctx.defer_to_others(Queue.WEBHOOK, name)


def deliver_due(
    store: Store,
    endpoint: Endpoint,
    webhooks: Webhooks,
    now: Callable[[], float],
    chance: Callable[[], float],
) -> int:
    """Returns how many were tried: 100 at most, in about 5 s, so that endpoints take turns.

    Any number of these may run for one endpoint, each with deliveries of its own. What is left, and what a worker
    that dies here had, is due in the schedule without our doing. `now` gives epoch seconds on Redis's clock, `chance`
    numbers in [0, 1).
    """
    ends = time.monotonic() + MAX_SECONDS
    turn = DeliveryLease(endpoint.name, webhooks.timeout_seconds + LEASE_MARGIN_SECONDS)
    tried, limit, ended = 0, HANDFUL, list[DeliveryResult]()
    with Poster(webhooks, endpoint, now) as poster:
        while True:
            over = tried >= MAX_DELIVERIES or time.monotonic() >= ends
            taken = outbox.lease(store, turn, 0 if over else min(limit, MAX_DELIVERIES - tried), ended)
            if over or not (taken or outbox.fan_out(store, [endpoint])):
                return tried
            until = min(time.monotonic() + HANDFUL_SECONDS, ends)
            outcomes = _post(poster, taken, until)
            tried += len(outcomes)
            ended = [
                _ended(delivery, outcome, webhooks.backoff_seconds, now(), chance())
                for delivery, outcome in zip(taken, outcomes, strict=False)
            ]
            ended += [outbox.give_back(delivery) for delivery in taken[len(outcomes) :]]
            limit = HANDFUL if time.monotonic() < until else 1


def _post(poster: Poster, taken: Sequence[Delivery], until: float) -> list[Outcome]:
    """Of those taken, as far as all goes well and the time (`time.monotonic`) lasts: of the first at least."""
    outcomes: list[Outcome] = []
    for delivery in taken:
        outcomes.append(poster.post(delivery.event_id, delivery.event.encode()))
        if not isinstance(outcomes[-1], Delivered) or time.monotonic() >= until:
            break
    return outcomes


def _ended(
    delivery: Delivery, outcome: Outcome, schedule_seconds: list[float], now: float, chance: float
) -> DeliveryResult:
    bound = {"endpoint": delivery.endpoint, "event_id": delivery.event_id}
    match outcome:
        case Delivered():
            _count(delivery, "delivered")
            log.debug("webhook_delivered", **bound, type=delivery.type)
            return outbox.acknowledge(delivery)
        case Gone():
            _count(delivery, "gone")
            log.error(
                "webhook_endpoint_disabled", **bound, remedy=f"pec resume --endpoint {delivery.endpoint}"
            )
            return outbox.disable(delivery)
        case Failed():
            return _retry_or_give_up(delivery, outcome, schedule_seconds, now, chance)


def _retry_or_give_up(
    delivery: Delivery, failed: Failed, schedule_seconds: list[float], now: float, chance: float
) -> DeliveryResult:
    bound = log.bind(endpoint=delivery.endpoint, event_id=delivery.event_id, why=failed.why)
    wait = wait_before_next(schedule_seconds, delivery.tries, failed, chance)
    if wait is None:
        _count(delivery, "dead")
        bound.error("webhook_dead", remedy=f"pec replay --endpoint {delivery.endpoint} --dead")
        return outbox.give_up(delivery, failed, from_epoch(now))
    _count(delivery, "failed")
    bound.warning("webhook_failed", tries=delivery.tries + 1, again_in_seconds=wait.total_seconds())
    return outbox.retry(delivery, wait)


def _count(delivery: Delivery, outcome: str) -> None:
    WEBHOOKS.labels(delivery.endpoint, outcome).inc()
