"""Guarding a mailbox's quota: a full mailbox gets no receipts, so its sends wait before that."""

import structlog

from pec.names import EventType, Queue
from pec.reasons import reason_by_code
from pec.store import accounts
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable, call_optional

log = structlog.get_logger()


def guard_quota(ctx: WorkerContext, account: str) -> None:
    """Ask once. Report that the mailbox fills, pause it when it is nearly full, resume it when there is room again."""
    rules = ctx.settings.quota
    ctx.store.set_due(Queue.QUOTA, account, ctx.now().timestamp() + rules.interval_seconds)
    try:
        quota = call_optional(ctx, account, ctx.client.quota)
    except NotServed:
        return
    except MailboxUnavailable as error:
        log.info("quota_unavailable", account=account, why=error.code)
        return
    before = accounts.quota_share(ctx.store, account) or 0.0
    accounts.set_quota(ctx.store, account, quota.usage, quota.limit)
    share = quota.usage / quota.limit if quota.limit else 0.0
    why = reason_by_code(accounts.MAILBOX_FULL, share=round(share, 3))
    if before < rules.warn_ratio <= share:
        accounts.publish(ctx.store, account, EventType.MAILBOX_FILLING, why)
    if share >= rules.pause_ratio:
        accounts.pause(ctx.store, account, why)
    elif share < rules.warn_ratio:
        accounts.resume(ctx.store, account, only=accounts.MAILBOX_FULL)
