"""The composition root of a worker process: `dramatiq workers.app`, or `pec worker`."""

import secrets

import dramatiq

from config.connections import connect
from config.logs import configure_logging
from config.settings import Settings, load_settings
from pec.store.store import Store
from workers.actors import declare
from workers.broker import HintBroker
from workers.kit import Kit
from workers.metering import MeteredClient
from workers.middleware.intake import Intake
from workers.middleware.log_context import LogContext
from workers.middleware.rate_limiter import RateLimiter
from workers.middleware.registration import Registration
from workers.middleware.scheduler import Scheduler
from workers.middleware.shares import Shares
from workers.middleware.telemetry import Telemetry


def build(settings: Settings) -> HintBroker:
    """The broker with its middleware, in the order of need, and its actors."""
    store = Store(connect(settings.redis_url), settings.namespace, settings.redis_replicas)
    kit = Kit(settings, store, MeteredClient(settings.api))
    worker_id = secrets.token_hex(6)
    limiter, shares = RateLimiter(kit), Shares()
    scheduler = Scheduler(kit, shares)
    broker = HintBroker(
        shares.of,
        namespace="dramatiq" if settings.namespace == "pec" else f"dramatiq:{settings.namespace}",
        client=connect(settings.broker),
        middleware=[
            LogContext(),  # first, so that whatever follows logs with it
            Registration(kit, worker_id),  # before intake and scheduler start: they ask who is there
            shares,  # before the scheduler starts: it asks them
            limiter,
            Telemetry(kit),  # after those that give work back: what is left has started
            scheduler,
            Intake(kit, worker_id, scheduler),  # last: what it takes, the scheduler hands out
        ],
    )
    declare(broker, kit, limiter)
    return broker


settings = load_settings()
configure_logging(settings.log_level, settings.log_json)
broker = build(settings)
dramatiq.set_broker(broker)
