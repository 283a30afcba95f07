"""Build the broker of a worker process of its parts. It reads no settings and opens no connection when imported."""

import os
import secrets
from pathlib import Path

from archive.vault.installation import open_vault
from config.redis_connection import connect
from config.settings import Settings
from pec.store.store import Store
from workers.actors import ClosingSpans, LogContext, declare
from workers.broker import HintBroker, ThreadLimits
from workers.context import WorkerContext
from workers.intake.consumer import Consumer
from workers.metrics.counters import MeteredClient, Metrics
from workers.metrics.definitions import FOLDER
from workers.middleware.api_watch import ApiWatch
from workers.middleware.archive_watch import ArchiveState, ArchiveWatch
from workers.middleware.background import Background, BackgroundMiddleware
from workers.middleware.heartbeat import Heartbeat
from workers.middleware.imap_reading import ImapReading
from workers.middleware.pulse import Pulse
from workers.middleware.scheduler import Scheduler
from workers.rate_limiter import RateLimiter
from workers.spans import Spans


def build(settings: Settings, spans: Spans) -> HintBroker:
    """Return the broker with its middleware, in the order in which they need each other, and its actors."""
    store = Store(connect(settings.redis_url), settings.namespace, settings.redis_replicas)
    vault, archive = open_vault(settings.archive, store), ArchiveState()
    ctx = WorkerContext(settings, store, MeteredClient(settings.api), vault, spans=spans)
    worker_id = secrets.token_hex(6)
    limiter, limits = RateLimiter(ctx), ThreadLimits()
    heartbeat = Heartbeat(ctx, worker_id, archive)
    consumer = Consumer(ctx, worker_id)
    broker = HintBroker(
        limits.limit,
        ctx.api_reach.serves,
        namespace="dramatiq" if settings.namespace == "pec" else f"dramatiq:{settings.namespace}",
        client=connect(settings.broker),
        middleware=[
            LogContext(),  # first, so that all that follows logs with it
            *([Pulse(Path(folder))] if (folder := os.environ.get(FOLDER)) else []),  # before the boot waits
            ClosingSpans(spans),
            *([ArchiveWatch(vault, store, worker_id, archive)] if vault else []),
            heartbeat,  # before intake and scheduler start, which ask for live workers
            limits,  # before the consumers start, which the broker asks for it
            limiter,
            Metrics(ctx),  # after those that give work back: what is left has started
            Scheduler(ctx),
            ApiWatch(ctx),
            ImapReading(ctx),
            BackgroundMiddleware(Background("intake", consumer.step), consumer.end_wait),  # last
        ],
    )
    declare(broker, ctx, limiter)
    return broker
