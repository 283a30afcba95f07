"""Delivers what is due of one endpoint: take, post, settle, and again for a little while."""

import time
from collections.abc import Callable

import structlog

from config.settings import Endpoint, Webhooks
from pec.store import outbox
from pec.store.outbox import Delivery
from pec.store.store import Store
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome, wait_before_next
from pec.webhooks.post import Poster
from workers.kit import Kit
from workers.telemetry import WEBHOOKS

MOST_DELIVERIES = 20
MOST_SECONDS = 5.0
LEASE_MARGIN_SECONDS = 30.0  # beyond the timeout: looking up a name has none of its own

log = structlog.get_logger()


def deliver(kit: Kit, name: str) -> None:
    """The endpoint's turn. One that this process has no settings for is left to another, when its hint comes again."""
    webhooks = kit.settings.webhooks
    for endpoint in webhooks.endpoints:
        if endpoint.name == name:
            deliver_due(
                kit.store, endpoint, webhooks, Poster(webhooks, lambda: kit.now().timestamp()), kit.chance
            )


def deliver_due(
    store: Store, endpoint: Endpoint, webhooks: Webhooks, poster: Poster, chance: Callable[[], float]
) -> int:
    """Returns how many were tried: 20 at most, in about 5 s, so that endpoints take turns.

    Any number of these may run for one endpoint, each with deliveries of its own. What is left, and what a worker
    that dies here had, is due in the schedule without our doing. `chance` gives numbers in [0, 1).
    """
    ends = time.monotonic() + MOST_SECONDS
    outbox.feed(store, [endpoint])
    for tried in range(MOST_DELIVERIES):
        if time.monotonic() >= ends:
            return tried
        delivery = outbox.take(store, endpoint.name, webhooks.timeout + LEASE_MARGIN_SECONDS)
        if delivery is None:
            return tried
        outcome = poster.post(endpoint, delivery.event_id, delivery.event.encode())
        _settle(store, delivery, outcome, webhooks.backoff, chance())
    return MOST_DELIVERIES


def _settle(
    store: Store, delivery: Delivery, outcome: Outcome, schedule_seconds: list[float], chance: float
) -> None:
    told = log.bind(endpoint=delivery.endpoint, event_id=delivery.event_id, type=delivery.type)
    match outcome:
        case Delivered():
            outbox.acknowledge(store, delivery)
            _count(delivery, "delivered")
            told.debug("webhook.delivered")
        case Gone():
            outbox.disable(store, delivery)
            _count(delivery, "gone")
            told.error("webhook.endpoint_disabled", remedy=f"pec resume --endpoint {delivery.endpoint}")
        case Failed():
            _retry_or_give_up(store, delivery, outcome, schedule_seconds, chance)


def _retry_or_give_up(
    store: Store, delivery: Delivery, failed: Failed, schedule_seconds: list[float], chance: float
) -> None:
    told = log.bind(endpoint=delivery.endpoint, event_id=delivery.event_id, why=failed.why)
    wait = wait_before_next(schedule_seconds, delivery.tries, failed, chance)
    if wait is None:
        outbox.give_up(store, delivery, failed)
        _count(delivery, "dead")
        told.error("webhook.dead", remedy=f"pec replay --endpoint {delivery.endpoint} --dead")
    else:
        outbox.retry(store, delivery, wait)
        _count(delivery, "failed")
        told.warning("webhook.failed", tries=delivery.tries + 1, again_in_seconds=wait.total_seconds())


def _count(delivery: Delivery, outcome: str) -> None:
    WEBHOOKS.labels(delivery.endpoint, outcome).inc()
