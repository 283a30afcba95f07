"""Reading a busy mailbox by its pages: one GET shows 25 receipts, while a check costs a GET for each message.

Pages only ever add. What they don't show proves nothing: a message whose window is over is checked by its code, and
so are the texts, once it has ended.
"""

import time
from collections.abc import Sequence

import structlog

from pec.api.client import InboxPage, Mail
from pec.changes import Change
from pec.instants import from_epoch, from_text
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind
from pec.store import records
from pec.store.commits import Commit, OtherHistory, apply
from pec.store.store import text
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.incoming import MAX_AGE, incoming_on_page
from workers.mailbox.scan_policy import SCAN_WINDOW, finish_scan
from workers.mailbox.scan_progress import OVERLAP, Cut, ScanProgress, digest_of, mails_on
from workers.mailbox.search import CLOCK_TOLERANCE, page_of
from workers.tasks.check import Seen, check_by_code, commit_page, observed
from workers.unsupported import skip

WITHOUT_TEXT = (Kind.ACCETTAZIONE, Kind.CONSEGNA)  # what these say of one recipient needs no text
STILL_OPEN = (State.EXPIRED, State.UNDELIVERED)  # ends that a late CONSEGNA changes
log = structlog.get_logger()


def scan(ctx: WorkerContext, account: str) -> None:
    """Read the newest pages of a mailbox, unless IMAP shows its receipts, and schedule what follows."""
    if ctx.imap_watch.is_fresh(account, ctx.now()):
        ctx.store.clear_due(Queue.INBOX_SCAN, account)
        return
    interval = ctx.settings.receipts.page_interval_seconds
    progress, forbidden = _begin(ctx, account), False
    try:
        _read_pages(ctx, account, progress)
    except NotServed:
        ctx.defer_to_others(Queue.INBOX_SCAN, account)
        return
    except MailboxUnavailable as error:
        log.info("mailbox_unavailable", account=account, why=error.code)
        forbidden = error.code == "scope"
    try:
        _remember(ctx, account, progress)
    except OtherHistory as why:  # it may have lost what the pages showed: the next scan reads them again
        log.warning("reading_begun_anew", account=account, why=str(why))
        progress.complete = progress.interrupted = False
    finish_scan(ctx, account, progress.wait_seconds(interval), forbidden=forbidden)


def _read_pages(ctx: WorkerContext, account: str, progress: ScanProgress) -> None:
    """Read pages as far as time allows. Raise NotServed and MailboxUnavailable."""
    # When the lease is over, another worker begins anew.
    ends = time.monotonic() + ctx.settings.lease_seconds / 2

    def show(number: int | None) -> tuple[InboxPage, bool]:
        page = page_of(ctx, account, None, number)
        return page, _take(ctx, account, mails_on(page), progress)

    progress.read(show, lambda: time.monotonic() > ends)


def _begin(ctx: WorkerContext, account: str) -> ScanProgress:
    """Return a scan with its horizon: older mails were read before, or belong to no message within its window."""
    since = (ctx.now() - SCAN_WINDOW).timestamp()
    history, oldest, watermark, taken, *cut = map(text, ctx.store.run("begin_scan", account, since))
    bounds = [from_text(watermark)] if watermark else []
    bounds += [from_epoch(float(oldest)) - CLOCK_TOLERANCE + OVERLAP] if oldest else []
    horizon = max(bounds, default=ctx.now() - MAX_AGE)
    return ScanProgress(history, horizon, Cut.read(*cut, horizon=horizon), before=frozenset(taken.split()))


def _remember(ctx: WorkerContext, account: str, progress: ScanProgress) -> None:
    """Store what the next scan must know. Raise OtherHistory."""
    command = ["HSET", ctx.store.keys.scan(account), *progress.fields()]
    apply(ctx.store, Commit(commands=[command], history=progress.history))


def _take(ctx: WorkerContext, account: str, mails: Sequence[Mail], progress: ScanProgress) -> bool:
    """Commit what a page shows of our messages. Return whether this scan was shown all of its mails before."""
    page = {digest_of(mail): mail for mail in mails}
    incoming_on_page(ctx, account, [mail for digest, mail in page.items() if digest not in progress.shown])
    repeated = progress.shown.issuperset(page)
    by_code = progress.note(page, ctx.now())
    owned = records.find_by_code(ctx.store, account, list(by_code), lambda met: skip(ctx.store, met))
    plain, unclear = [], []
    for code, (message, stored) in ((code, found) for code, found in owned.items() if found):
        seen = Seen(list(by_code[code].values()), from_page=True)
        change = None if _is_settled(message) else observed(ctx, message, stored, seen)
        if change and not _is_plain(change):
            unclear.append((message, stored))
            continue
        progress.taken.update(dict.fromkeys(by_code[code]))
        if change and change.receipts:
            plain.append((change, seen))
    commit_page(ctx, plain)
    ctx.became_due.set()
    for message, stored in unclear:
        check_by_code(ctx, message, stored)  # which can fail: so its mails are looked at again
    progress.new_count += len(plain) + len(unclear)
    unclaimed = by_code.keys() - owned.keys()
    progress.unclaimed += [mail.date for code in unclaimed for mail in by_code[code].values() if mail.date]
    return repeated


def _is_settled(message: Message) -> bool:
    """Return whether nothing that a page shows is news of the message."""
    return message.proof is not None and message.state not in STILL_OPEN


def _is_plain(change: Change) -> bool:
    """Return whether what is new can be kept without its text."""
    one_recipient = len(change.after.recipients) == 1
    without_text = one_recipient and all(new.kind in WITHOUT_TEXT for new in change.receipts)
    return not change.reported and (not change.receipts or without_text)
