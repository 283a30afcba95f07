"""Sweeping: finished messages and streams past their retention go."""

import structlog

from pec.names import Queue
from pec.store import outbox, retention
from workers.kit import Kit

EVERYTHING = "*"  # the entry of the schedule that can be no message's id: the hourly pass
EVERY_SECONDS = 3600.0
AGAIN_SECONDS = 1.0
log = structlog.get_logger()


def sweep(kit: Kit, what: str) -> None:
    """One message whose time has come, or the hourly pass."""
    if what != EVERYTHING:
        retention.forget(kit.store, what, kit.now(), kit.settings.retention)
        return
    kit.store.set_due(Queue.SWEEP, EVERYTHING, kit.now().timestamp() + EVERY_SECONDS)
    _trim_streams(kit)
    if kit.settings.retention.delete_unexported and _forget_overdue(kit):
        kit.store.set_due(Queue.SWEEP, EVERYTHING, kit.now().timestamp() + AGAIN_SECONDS)


def _trim_streams(kit: Kit) -> None:
    rules, now = kit.settings.retention, kit.now().timestamp()
    outbox.trim(kit.store, rules.events_days)
    for stream, days in (
        (kit.store.keys.rejected, rules.rejected_days),
        (kit.store.keys.dead, rules.events_days),
    ):
        kit.store.client.xtrim(stream, minid=int((now - days * 86_400) * 1000), approximate=True)


def _forget_overdue(kit: Kit) -> bool:
    """Whether any went, so that more may be waiting."""
    ids = retention.overdue(kit.store, kit.now(), kit.settings.retention)
    gone = [retention.forget(kit.store, one, kit.now(), kit.settings.retention) for one in ids]
    if any(gone):
        log.info("messages_forgotten", count=sum(gone))
    return any(gone)
