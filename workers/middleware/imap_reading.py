"""Keeps the readings of mailboxes by IMAP going, and reports a mailbox that IMAP has not read for too long."""

from datetime import datetime
from typing import TYPE_CHECKING

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from pec.names import Queue
from pec.store import imap_state
from pec.store.imap_state import ImapState
from workers.context import IMAP_SILENT, WorkerContext
from workers.mailbox.scan_policy import finish_scan
from workers.middleware.background import Background

if TYPE_CHECKING:
    from workers.mailbox.imap_idle import IdleWait

EVERY_SECONDS = 5.0
MAX_WAITS = 3  # folders of a mailbox that a connection of their own waits for
log = structlog.get_logger()


class ImapReading(Middleware):
    """Runs from boot to shutdown: a thread for all mailboxes, and one for each folder that new mail is awaited in."""

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx
        self._started = False
        self._booted_at = ctx.now()
        self._waits = _waits(ctx)
        self._threads = [Background("imap", self._step)]

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        if not self._ctx.imap_accounts and self._ctx.settings.mailbox.purge == "off":
            return
        chosen = worker.consumer_whitelist
        if not chosen or Queue.ARCHIVE in chosen:
            self._threads += [Background("idle", wait.step) for wait in self._waits]
        for thread in self._threads:
            thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        for thread in self._threads:  # all at once: each one may wait for its server
            thread.ask_to_stop()
        for thread in self._threads:
            thread.stop()
        for wait in self._waits:
            wait.close()
        self._ctx.imap_sessions.close_idle(0)

    def _step(self) -> float:
        ctx, now = self._ctx, self._ctx.now()
        imap_state.note_began(ctx.store, ctx.imap_accounts, now.timestamp())
        self._schedule(now)
        for account, state in imap_state.states_of(ctx.store, ctx.imap_accounts).items():
            ctx.imap_watch.update(account, state.read_at)
            self._report_silence(account, state, now)
        ctx.imap_sessions.close_idle()
        return EVERY_SECONDS

    def _schedule(self, now: datetime) -> None:
        """Schedule readings in case Redis has lost them; the first time at once, because settings may be new."""
        due = dict.fromkeys(self._ctx.imap_accounts, now.timestamp())
        key = self._ctx.store.keys.due(Queue.ARCHIVE)
        if self._started:
            if due:
                self._ctx.store.client.zadd(key, due, nx=True)
            return
        if due:
            self._ctx.store.client.zadd(key, due, lt=True)
        if self._ctx.settings.mailbox.purge != "off":
            purges = dict.fromkeys(self._ctx.settings.accounts, now.timestamp())
            self._ctx.store.client.zadd(self._ctx.store.keys.due(Queue.PURGE), purges, nx=True)
        self._started = True

    def _report_silence(self, account: str, state: ImapState, now: datetime) -> None:
        """Report once that IMAP is silent, and have the API asked for what is awaited."""
        known = max(state.read_at or state.began_at or now, self._booted_at)
        if state.silent_since or now - known <= IMAP_SILENT:
            return
        if imap_state.note_silent(self._ctx.store, account, now.timestamp()):
            why = state.refused or state.error
            log.error("imap_silent", account=account, why=why.description if why else None)
            finish_scan(self._ctx, account, 0)


def _waits(ctx: WorkerContext) -> "list[IdleWait]":
    if not ctx.imap_accounts:
        return []
    from workers.mailbox.imap_idle import IdleWait  # with the library of IMAP

    return [
        IdleWait(ctx, account, folder)
        for account in ctx.imap_accounts
        for folder in ctx.settings.accounts[account].imap.folders[:MAX_WAITS]
    ]
