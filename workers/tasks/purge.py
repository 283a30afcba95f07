"""Deleting receipts from a mailbox, once they are kept elsewhere and the settings say so.

By IMAP exactly the mails that lie in the archive go, each by its UID. Without IMAP a message's receipts go by the
API, if a fresh look shows nothing else under its code.
"""

import time
from collections.abc import Sequence

import structlog

from archive.vault import VaultAway
from pec.imap.credentials import digest
from pec.imap.errors import ImapUnavailable, LoginRefused
from pec.messages import Message
from pec.names import Queue
from pec.store import imap_state, purging, records, room
from pec.store.records import StoredReceipts
from pec.store.replication import TooFewReplicas
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.imap_refusal import refuse
from workers.mailbox.purge_policy import may_purge
from workers.mailbox.text_purge import purge_by_code
from workers.unsupported import skip

BATCH = 50  # messages whose receipts are deleted in one session
SOONEST_SECONDS = 1.0  # between two purges of a mailbox: several messages go together
AGAIN_SECONDS = 30.0  # after a failure, or if some receipts can't go yet
QUOTA_SECONDS = 10.0  # until the quota is asked, if no send waits for room
Case = tuple[Message, StoredReceipts]
log = structlog.get_logger()


def purge(ctx: WorkerContext, account: str) -> None:
    """Delete what may go from one mailbox, and schedule the next time."""
    rules = ctx.settings.mailbox
    if account not in ctx.settings.accounts:
        ctx.defer_to_others(Queue.PURGE, account)
        return
    if rules.purge == "off":
        ctx.store.clear_due(Queue.PURGE, account)
        return
    wait = SOONEST_SECONDS
    try:
        wait = _purge(ctx, account)
    except (VaultAway, ImapUnavailable, MailboxUnavailable, NotServed, TooFewReplicas) as why:
        log.warning("purge_put_off", account=account, why=str(why), again_in_seconds=AGAIN_SECONDS)
        wait = AGAIN_SECONDS
    purging.end(ctx.store, account, rules.purge_grace_seconds, ctx.now().timestamp() + wait)


def _purge(ctx: WorkerContext, account: str) -> float:
    """Delete what may go. Return the seconds until the next time."""
    cases = _ready(ctx, account)
    if not cases:
        return SOONEST_SECONDS
    server = ctx.imap_server(account)
    if server is None:
        return _by_api(ctx, account, cases)
    if imap_state.refusal_of(ctx.store, account, digest(server)):
        return AGAIN_SECONDS
    from workers.mailbox.imap_purge import UidPurge  # with the library of IMAP

    try:
        with ctx.imap_sessions.session(server) as session:
            purged = UidPurge(ctx, account, session)
            deleted = purged.purge(cases)
    except LoginRefused as refused:
        refuse(ctx, account, server, refused)
        return AGAIN_SECONDS
    _freed(ctx, account, deleted)
    return AGAIN_SECONDS if purged.left else SOONEST_SECONDS


def _by_api(ctx: WorkerContext, account: str, cases: Sequence[Case]) -> float:
    if ctx.settings.mailbox.purge != "texts" or ctx.settings.accounts[account].imap.host:
        return AGAIN_SECONDS
    ends, deleted = time.monotonic() + ctx.settings.lease_seconds / 2, 0
    for message, stored in cases:
        deleted += purge_by_code(ctx, message, stored)
        purging.leave(ctx.store, account, [message.id])
        if time.monotonic() > ends:
            break
    _freed(ctx, account, deleted)
    return SOONEST_SECONDS


def _ready(ctx: WorkerContext, account: str) -> list[Case]:
    """Return messages whose grace is over and whose proof is kept. Forget those of which that is no longer true."""
    ended_by = ctx.now().timestamp() - ctx.settings.mailbox.purge_grace_seconds
    ids = purging.ready(ctx.store, account, ended_by, BATCH)
    found = {
        message.id: (message, stored)
        for message, stored in records.read_all_with_receipts(
            ctx.store, ids, on_unsupported=lambda met: skip(ctx.store, met)
        )
        if may_purge(ctx, message)
    }
    purging.leave(ctx.store, account, [one for one in ids if one not in found])
    return list(found.values())


def _freed(ctx: WorkerContext, account: str, deleted: int) -> None:
    """Have the quota asked again: at once if sends wait for room."""
    if not deleted:
        return
    log.info("receipts_purged", account=account, mails=deleted)
    waits = room.read(ctx.store, account).waits_since is not None
    at = ctx.now().timestamp() + (0 if waits else QUOTA_SECONDS)
    ctx.store.client.zadd(ctx.store.keys.due(Queue.QUOTA), {account: at}, lt=True)
