"""Sweeping: streams past their retention are trimmed."""

import structlog

from pec.names import Queue
from pec.store import outbox
from workers.kit import Kit

EVERY_SECONDS = 3600.0
log = structlog.get_logger()


def sweep(kit: Kit) -> None:
    """One pass."""
    kit.store.set_due(Queue.SWEEP, "all", kit.now().timestamp() + EVERY_SECONDS)
    retention = kit.settings.retention
    outbox.trim(kit.store, retention.events_days)
    oldest = int((kit.now().timestamp() - retention.rejected_days * 86_400) * 1000)
    kit.store.client.xtrim(kit.store.keys.rejected, minid=oldest, approximate=True)
    oldest_letter = int((kit.now().timestamp() - retention.events_days * 86_400) * 1000)
    kit.store.client.xtrim(kit.store.keys.dead, minid=oldest_letter, approximate=True)
