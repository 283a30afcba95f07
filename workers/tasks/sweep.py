"""Deleting finished messages and entries of streams past their retention, and consumers of dead workers."""

import structlog

from archive.finished_contents import move_finished
from archive.vault import VaultAway
from pec.names import Queue
from pec.store import by_account, job_stream, once, outbox, retention
from workers.context import WorkerContext

EVERYTHING = "*"  # the entry of the schedule that can be no message's id: the hourly pass
EVERY_SECONDS = 3600.0
AGAIN_SECONDS = 1.0
CONSUMER_IDLE_SECONDS = 3600.0  # a live one reads every two seconds
log = structlog.get_logger()


def sweep(ctx: WorkerContext, what: str) -> None:
    """Delete one message whose time has come, or make the hourly pass."""
    if what != EVERYTHING:
        retention.forget(ctx.store, what, ctx.now(), ctx.settings.retention)
        return
    ctx.store.set_due(Queue.SWEEP, EVERYTHING, ctx.now().timestamp() + EVERY_SECONDS)
    _trim_streams(ctx)
    _remove_consumers(ctx)
    _move_contents(ctx)
    if by_account.complete(ctx.store):
        log.info("messages_entered_by_account")
    if ctx.settings.retention.delete_unexported and _forget_overdue(ctx):
        ctx.store.set_due(Queue.SWEEP, EVERYTHING, ctx.now().timestamp() + AGAIN_SECONDS)


def _trim_streams(ctx: WorkerContext) -> None:
    rules, now = ctx.settings.retention, ctx.now().timestamp()
    outbox.trim(ctx.store, rules.events_days)
    for stream, days in (
        (ctx.store.keys.rejected, rules.rejected_days),
        (ctx.store.keys.dead, rules.events_days),
    ):
        ctx.store.client.xtrim(stream, minid=int((now - days * 86_400) * 1000), approximate=True)
    ctx.store.run("trim_rejected_of")
    days = max(rules.rejected_days, once.KEY_SECONDS / 86_400)  # a repeat asks whether its job was rejected
    oldest = int((now - days * 86_400) * 1000)
    ctx.store.client.zremrangebyscore(ctx.store.keys.rejected_at, "-inf", f"({oldest}")


def _remove_consumers(ctx: WorkerContext) -> None:
    """Remove consumers of dead workers, which would else be as many as workers were ever started."""
    if removed := job_stream.remove_consumers(ctx.store, CONSUMER_IDLE_SECONDS):
        log.info("consumers_removed", count=removed)


def _move_contents(ctx: WorkerContext) -> None:
    """Move content that is needed for exports only to the archive, if there is one."""
    if ctx.vault is None:
        return
    try:
        moved = move_finished(ctx.store, ctx.vault)
    except VaultAway as why:
        log.warning("archive_away", why=str(why))
        return
    if moved:
        log.info("contents_archived", count=moved)


def _forget_overdue(ctx: WorkerContext) -> bool:
    """Delete messages that were not exported in time. Return whether there were any: more may be waiting."""
    ids = retention.overdue(ctx.store, ctx.now(), ctx.settings.retention)
    gone = [retention.forget(ctx.store, one, ctx.now(), ctx.settings.retention) for one in ids]
    if any(gone):
        log.info("messages_forgotten", count=sum(gone))
    return any(gone)
