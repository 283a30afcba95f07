"""Delivering the due events of one endpoint: lease a handful, post them, store the results with the next lease."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from config.settings import Endpoint, Webhooks
from pec import trace_context
from pec.instants import from_epoch
from pec.names import Queue
from pec.store import outbox
from pec.store.delivery_history import Note
from pec.store.outbox import Delivery, DeliveryLease, DeliveryResult
from pec.store.store import Store
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome, wait_before_next
from workers.context import WorkerContext
from workers.metrics.counters import WEBHOOKS
from workers.spans import NoSpans, Spans

MAX_DELIVERIES = 100
MAX_SECONDS = 5.0
HANDFUL = 5  # the first of a lease; each that took little time is followed by one of twice the size
MAX_HANDFUL = 40
HANDFUL_SECONDS = 0.25  # then the rest of a handful goes back, for other threads
QUICK_SECONDS = 0.1
LEASE_MARGIN_SECONDS = 30.0  # beyond the timeout: looking up a name has no timeout of its own

NO_SPANS = NoSpans()

log = structlog.get_logger()


def deliver(ctx: WorkerContext, name: str) -> None:
    """Deliver what is due at an endpoint. Without settings for it, defer to another worker."""
    webhooks = ctx.settings.webhooks
    for endpoint in webhooks.endpoints:
        if endpoint.name == name:
            deliver_due(ctx.store, endpoint, webhooks, lambda: ctx.now().timestamp(), ctx.chance, ctx.spans)
            return
    ctx.defer_to_others(Queue.WEBHOOK, name)


def deliver_due(
    store: Store,
    endpoint: Endpoint,
    webhooks: Webhooks,
    now: Callable[[], float],
    chance: Callable[[], float],
    spans: Spans = NO_SPANS,
) -> int:
    """Deliver what is due, and return how many deliveries were tried.

    At most 100 are, in about 5 s, so that other endpoints get time. Any number of these may run for one endpoint,
    each with deliveries of its own. The rest, and what a worker that dies here had leased, is in the schedule
    already. `now` gives epoch seconds on Redis's clock, `chance` numbers in [0, 1).
    """
    ends = time.monotonic() + MAX_SECONDS
    lease = DeliveryLease(endpoint.name, webhooks.timeout_seconds + LEASE_MARGIN_SECONDS)
    tried, limit, results = 0, HANDFUL, list[DeliveryResult]()
    with Poster(webhooks, endpoint, now) as poster:

        def post(one: Delivery) -> DeliveryResult:
            traceparent = trace_context.of_event(one.event)
            with spans.span(Queue.WEBHOOK, traceparent, endpoint=one.endpoint, event=one.type) as current:
                outcome = poster.post(one.event_id, one.event.encode(), current)
                return _result(one, outcome, webhooks.backoff_seconds, now(), chance())

        while True:
            over = tried >= MAX_DELIVERIES or time.monotonic() >= ends
            count = 0 if over else min(limit, MAX_DELIVERIES - tried)
            taken = outbox.lease(store, lease, count, results, feed=endpoint)
            if not taken:
                return tried
            began = time.monotonic()
            results = _post(post, taken, min(began + HANDFUL_SECONDS, ends))
            tried += len(results)
            results += [DeliveryResult.untried(delivery) for delivery in taken[len(results) :]]
            limit = _next_limit(limit, time.monotonic() - began)


def _next_limit(limit: int, seconds: float) -> int:
    """Return how many to lease next, given how long the last took."""
    if seconds >= HANDFUL_SECONDS:
        return 1
    return min(2 * limit, MAX_HANDFUL) if seconds < QUICK_SECONDS else HANDFUL


def _post(
    post: Callable[[Delivery], DeliveryResult], taken: Sequence[Delivery], until: float
) -> list[DeliveryResult]:
    """Post deliveries until one fails or the time (`time.monotonic`) is over. Return their results: one at least."""
    results: list[DeliveryResult] = []
    for delivery in taken:
        results.append(post(delivery))
        if not results[-1].is_delivered or time.monotonic() >= until:
            break
    return results


def _result(
    delivery: Delivery, outcome: Outcome, schedule_seconds: list[float], now: float, chance: float
) -> DeliveryResult:
    bound = {"endpoint": delivery.endpoint, "event_id": delivery.event_id}
    note = Note(now, delivery.event_id, delivery.type, outcome, delivery.tries + 1)
    match outcome:
        case Delivered():
            _count(delivery, "delivered")
            log.debug("webhook_delivered", **bound, type=delivery.type)
            return DeliveryResult.delivered(delivery, note.to_json())
        case Gone():
            _count(delivery, "gone")
            log.error(
                "webhook_endpoint_disabled", **bound, remedy=f"pec resume --endpoint {delivery.endpoint}"
            )
            return DeliveryResult.gone(delivery, note.to_json())
        case Failed():
            wait = wait_before_next(schedule_seconds, delivery.tries, outcome, chance)
            return _retry_or_give_up(delivery, outcome, wait, note)


def _retry_or_give_up(
    delivery: Delivery, failed: Failed, wait: timedelta | None, note: Note
) -> DeliveryResult:
    bound = log.bind(endpoint=delivery.endpoint, event_id=delivery.event_id, why=failed.why)
    if wait is None:
        _count(delivery, "dead")
        bound.error("webhook_dead", remedy=f"pec replay --endpoint {delivery.endpoint} --dead")
        kept = replace(note, step="dead").to_json()
        return DeliveryResult.dead(delivery, failed, from_epoch(note.at), kept)
    _count(delivery, "failed")
    bound.warning("webhook_failed", tries=delivery.tries + 1, again_in_seconds=wait.total_seconds())
    return DeliveryResult.retry(delivery, wait, replace(note, step="retry").to_json())


def _count(delivery: Delivery, outcome: str) -> None:
    WEBHOOKS.labels(delivery.endpoint, outcome).inc()
