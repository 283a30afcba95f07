"""Guarding a mailbox's quota: a full mailbox gets no receipts, so its sends wait before it is full."""

import structlog

from pec.messages import Reason
from pec.names import Event, Queue
from pec.store import accounts
from workers.calls import Unreadable, readable
from workers.kit import Kit, NotServed

REMEDY = "archive and delete receipts, or ask the provider for more room"
log = structlog.get_logger()


def guard_quota(kit: Kit, account: str) -> None:
    """Asks once, tells when it fills, pauses when it is nearly full, resumes when there is room again."""
    rules = kit.settings.quota
    kit.store.set_due(Queue.QUOTA, account, kit.now().timestamp() + rules.interval)
    try:
        quota = readable(kit, account, kit.client.quota)
    except NotServed:
        return
    except Unreadable as error:
        log.info("quota_unreadable", account=account, why=error.code)
        return
    before = accounts.quota_share(kit.store, account) or 0.0
    accounts.set_quota(kit.store, account, quota.usage, quota.limit)
    share = quota.usage / quota.limit if quota.limit else 0.0
    reason = Reason(
        accounts.MAILBOX_FULL, f"the mailbox is {share:.0%} full: {REMEDY}", {"share": round(share, 3)}
    )
    if before < rules.warn <= share:
        accounts.tell(kit.store, account, Event.MAILBOX_FILLING, reason)
    if share >= rules.pause:
        accounts.pause(kit.store, account, reason)
    elif share < rules.warn:
        accounts.resume(kit.store, account, only=accounts.MAILBOX_FULL)
