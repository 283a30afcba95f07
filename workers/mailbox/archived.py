"""After a restore: what the archive knows of an account's sends, and Redis does not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from archive.vault import VaultAway
from pec.messages import Message
from pec.receipt_transitions import receipts_observed
from pec.receipts import Receipt
from pec.store import commits, records
from pec.store.commits import Commit, Conflict
from pec.subjects import ends_with_reference_tag
from workers.context import WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.unsupported import skip

ATTEMPTS = 20  # to commit what another worker changes meanwhile
log = structlog.get_logger()


def search_archive(ctx: WorkerContext, message: Message, reference: str | None) -> list[Receipt]:
    """Return the receipts of one attempt that were archived since a restore's backup; of one code.

    Receipts that left the mailbox stand nowhere else. Raise MailboxUnavailable if the archive is away.
    """
    if reference is None:
        return []
    tagged = replace(message, reference=reference).sent_subject
    found = [one for one in archived_since(ctx, message) if ends_with_reference_tag(tagged, one.subject)]
    return [one for one in found if one.code == found[0].code]


def archived_since(ctx: WorkerContext, message: Message) -> Sequence[Receipt]:
    """Return the receipts of the account that were archived since a restore's backup; none without a restore.

    Raise MailboxUnavailable if the archive is away.
    """
    if ctx.reconcile_since is None:
        return ()
    try:
        return _receipts(ctx, message.account, ctx.reconcile_since)
    except VaultAway as away:
        log.warning("archive_away", why=str(away))
        raise MailboxUnavailable("archive_away") from None


def _receipts(ctx: WorkerContext, account: str, since: datetime) -> Sequence[Receipt]:
    if ctx.vault is None or account not in ctx.settings.accounts:
        return ()
    sender = ctx.settings.accounts[account].sender
    return ctx.archived.of(sender, ctx.vault, ctx.profiles, since)


def replay(ctx: WorkerContext, account: str) -> None:
    """Give messages the receipts that were archived since the backup, once after a restore. Raise VaultAway."""
    since = ctx.reconcile_since
    if since is None or ctx.archived.is_replayed(account, since):
        return
    by_code: defaultdict[str, list[Receipt]] = defaultdict(list)
    for receipt in _receipts(ctx, account, since):
        by_code[receipt.code].append(receipt)
    owners = records.find_by_code(ctx.store, account, list(by_code), lambda met: skip(ctx.store, met))
    for code, owner in owners.items():
        if owner is not None:
            _give(ctx, owner[0].id, by_code[code])
    ctx.archived.note_replayed(account)
    log.info("archive_replayed", account=account, codes=len(by_code))


def _give(ctx: WorkerContext, message_id: str, receipts: Sequence[Receipt]) -> None:
    for _ in range(ATTEMPTS):
        message, stored = records.read_with_receipts(ctx.store, message_id)
        if message is None or message.code is None:
            return
        change = receipts_observed(
            message, stored.receipts, receipts, [], ctx.now(), ctx.settings.receipts, ctx.chance()
        )
        if not (change.receipts or change.superseded):
            return
        try:
            commits.apply(ctx.store, Commit([change]))
        except Conflict:
            continue
        return
