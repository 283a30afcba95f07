"""All checks of `pec doctor`, in the order in which they are read."""

from collections.abc import Iterator
from datetime import UTC, datetime

from config.redis_connection import RedisUnreachable, address, check
from config.settings import Settings
from config.texts import _
from pec.operations.doctor.checks import (
    api_checks,
    file_checks,
    settings_checks,
    standing_checks,
    worker_checks,
)
from pec.operations.doctor.imap import imap_checks
from pec.operations.doctor.replicas import replica_checks
from pec.operations.doctor.sentinels import sentinel_checks
from pec.operations.doctor.server import redis_checks, unusable
from pec.operations.doctor.sites import site_checks
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.load_overview import load_overview
from pec.store.store import Store


def run_checks(settings: Settings, store: Store) -> Iterator[Finding]:
    """Yield findings one by one, because some take seconds. Nothing is sent and nothing changed."""
    yield from file_checks()
    yield from settings_checks(settings)
    try:
        check(store.client)
    except RedisUnreachable as error:
        yield unusable(address(store.client), error.__cause__ or error)
    else:
        yield Finding(Mark.OK, _("Redis answers at {address}").format(address=address(store.client)))
        yield from _state_checks(settings, store)
    yield from site_checks(settings)
    yield from api_checks(settings)
    yield from imap_checks(settings, store, datetime.now(UTC).date())


def server_checks(settings: Settings, store: Store) -> Iterator[Finding]:
    """Yield what concerns the Redis server alone. Raise redis.RedisError if it does not answer."""
    yield from redis_checks(store, settings)
    yield from sentinel_checks(store.client)
    yield from replica_checks(store.client)


def _state_checks(settings: Settings, store: Store) -> Iterator[Finding]:
    yield from server_checks(settings, store)
    yield from worker_checks(store, settings)
    yield from standing_checks(load_overview(store, settings))
