"""Read a mailbox's quota: sends go on while there is room for all receipts on their way, and wait if there is none."""

import structlog

from pec.names import EventType, Queue
from pec.reasons import reason_by_code
from pec.store import accounts, room
from pec.store.commits import Conflict, commit
from pec.store.room import Room
from pec.transitions import held_unsent
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import ROOM_NOT_STATED, MailboxUnavailable, call_optional

KIB = 1024  # the unit of the quota, by all that is known of it
PAUSED_AFTER_SECONDS = 600.0  # with receipts on their way: then a wait for room is a pause, and is published
RETRY_SECONDS = 15.0  # while sends wait for a reading
log = structlog.get_logger()


def guard_quota(ctx: WorkerContext, account: str) -> None:
    """Ask once. Report that the mailbox fills, pause it when it is nearly full, resume it when there is room again."""
    interval = ctx.settings.quota.interval_seconds
    before, arrived = room.read(ctx.store, account), room.arrived(ctx.store, account)
    soon = interval if before.waits_since is None else min(RETRY_SECONDS, interval)
    _ask_again_in(
        ctx, account, soon
    )  # should this worker die now, sends that wait do not wait for a whole interval
    try:
        quota = call_optional(ctx, account, ctx.client.quota)
    except NotServed:
        if before.waits_since:
            ctx.defer_to_others(Queue.QUOTA, account)
        return
    except MailboxUnavailable as error:
        log.info("quota_unavailable", account=account, why=error.code)
        if before.limit is None and error.code in ROOM_NOT_STATED:
            log.warning("quota_not_stated", account=account, why=error.code)
            _ask_again_in(ctx, account, interval)
            _note(ctx, account, 0, 0, arrived)
        return
    _ask_again_in(ctx, account, interval)
    now = _note(ctx, account, round(quota.usage * KIB), round(quota.limit * KIB), arrived)
    if now:
        _follow(ctx, account, before, now)


def _ask_again_in(ctx: WorkerContext, account: str, seconds: float) -> None:
    ctx.store.set_due(Queue.QUOTA, account, ctx.now().timestamp() + seconds)


def _note(ctx: WorkerContext, account: str, used: int, limit: int, arrived: int) -> Room | None:
    settled = room.reconcile(ctx.store, account)
    if settled:
        log.info("room_reconciled", account=account, messages=settled)
    ratio = ctx.settings.quota.pause_ratio
    now = room.note_reading(ctx.store, account, used, limit, ratio, arrived)
    while now and _hold_too_large(ctx, account, now):
        now = room.note_reading(ctx.store, account, used, limit, ratio, arrived)
    return now


def _hold_too_large(ctx: WorkerContext, account: str, now: Room) -> bool:
    """Hold the first message if not even an empty mailbox has room for it. Return whether that was so."""
    if now.needed is None or now.pause_at is None or now.needed <= now.pause_at:
        return False
    first = room.first_queued(ctx.store, account)
    needed = first.room * len(first.recipients) if first else 0
    if first is None or needed <= now.pause_at:
        return False
    sizes = {"needed": f"{needed / 1e6:.1f}", "available": f"{now.pause_at / 1e6:.1f}"}
    reason = reason_by_code("mailbox_too_small", id=first.id, **sizes)
    try:
        commit(ctx.store, held_unsent(first, ctx.now(), reason))
    except Conflict:
        return False
    log.warning("mailbox_too_small", account=account, message=first.id, **sizes)
    return True


def _follow(ctx: WorkerContext, account: str, before: Room, now: Room) -> None:
    """Pause sends, or resume them, by what a reading showed."""
    rules, share = ctx.settings.quota, now.share or 0.0
    expected = now.expected + now.uncounted
    why = reason_by_code(accounts.MAILBOX_FULL, share=round(share, 3), expected_bytes=expected)
    if (before.share or 0.0) < rules.warn_ratio <= share:
        accounts.publish(ctx.store, account, EventType.MAILBOX_FILLING, why)
    if share >= rules.pause_ratio or _waits_in_vain(ctx, now):
        accounts.pause(ctx.store, account, why)
    elif now.waits_since is None and now.share_with_receipts < rules.warn_ratio:
        accounts.resume(ctx.store, account, only=accounts.MAILBOX_FULL)


def _waits_in_vain(ctx: WorkerContext, now: Room) -> bool:
    """Return whether the next message finds no room, and nothing on its way will free any soon."""
    if now.waits_since is None:
        return False
    waited = (ctx.now() - now.waits_since).total_seconds()
    return now.expected + now.uncounted == 0 or waited >= PAUSED_AFTER_SECONDS
