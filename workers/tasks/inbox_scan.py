"""Reading a crowded mailbox by its pages: one GET tells of 25 receipts, where single ones cost a GET for each look.

Pages only ever add. What they don't show proves nothing: a message that is no longer young is asked for by its code,
and so are the texts, once it has ended.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog

from pec.api.client import InboxPage, Mail
from pec.inbox import PAGE_SIZE, Walk, older_than
from pec.instants import from_epoch, from_text, to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind, Receipt, Unrecognised, code_in, merge, read_all
from pec.store import records
from pec.store.records import StoredReceipts
from pec.store.store import text
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.scan_policy import SCAN_WINDOW, finish_scan
from workers.mailbox.search import CLOCK_TOLERANCE, page_of
from workers.tasks.check import keep_from_page, look
from workers.unsupported import skip

MAX_PAGES = 200  # of one reading
GOES_ON_SECONDS = 1.0  # until the next reading goes on where this one's time was over
MAX_TAKEN = 200  # digests of mails that the next reading can show again
OVERLAP = timedelta(seconds=5)  # in which mails may have come out of order
ANSWERS_WITHIN = timedelta(minutes=2)  # a POST tells its code, mostly
SLOWER = 4  # times the interval, at the most, where pages show little that is new
WITHOUT_TEXT = (Kind.ACCETTAZIONE, Kind.CONSEGNA)  # what these say of one recipient needs no text
STILL_OPEN = (State.EXPIRED, State.UNDELIVERED)  # ends that a late CONSEGNA changes
log = structlog.get_logger()


def scan(ctx: WorkerContext, account: str) -> None:
    """Reads the newest pages of a mailbox, and schedules what follows."""
    interval = ctx.settings.receipts.page_interval_seconds
    reading, forbidden = _begin(ctx, account), False
    try:
        _read_pages(ctx, account, reading)
    except NotServed:
        ctx.defer_to_others(Queue.INBOX_SCAN, account)
        return
    except MailboxUnavailable as error:
        log.info("mailbox_unavailable", account=account, why=error.code)
        forbidden = error.code == "scope"
    _remember(ctx, account, reading)
    finish_scan(ctx, account, reading.wait_seconds(interval), forbidden=forbidden)


@dataclass(slots=True)
class ScanProgress:
    """What the pages of one reading came to. Mails are known by their digests.

    All that is older than `horizon` was read before. Where a reading ends before it got there, the next one reads
    what is newer than `newest`, then goes on where `unread` mails, counted from the oldest, were left.
    """

    horizon: datetime | None = None
    newest: datetime | None = None
    unread: int | None = None
    before: frozenset[str] = frozenset()  # taken by the last reading: nothing new
    taken: list[str] = field(default_factory=list)  # need not be taken again
    shown: set[str] = field(default_factory=set)  # by this reading
    new_count: int = 0  # messages that they told something new of
    dates: list[datetime] = field(default_factory=list)
    unclaimed: list[datetime] = field(default_factory=list)  # receipts whose code is nobody's so far
    complete: bool = False  # down to the horizon
    left: int | None = None  # mails that were not read; None: nobody can count them
    interrupted: bool = True  # by the API; else, if it is not complete, its time was over

    @property
    def watermark(self) -> datetime | None:
        """Until when all may be taken for read. A young stranger's code can be one that a POST has still to tell."""
        reached = max(self.dates, default=None)
        return reached and min([reached, *(one for one in self.unclaimed if one > reached - ANSWERS_WITHIN)])

    def arrive(self, walk: Walk, mails: Sequence[Mail]) -> None:
        """Note how far the walk came with these mails, and pass over what was read before."""
        if walk.astray:
            return
        if self.newest and older_than(mails, self.newest - OVERLAP):
            walk.skip_to(self.unread or 0)
            self.newest = None
        old = self.horizon is not None and older_than(mails, self.horizon - OVERLAP)
        self.complete = old or walk.ended
        self.left = None if walk.total is None else walk.unread

    def wait_seconds(self, interval: float) -> float:
        """Return how long the next reading can wait: less, the more this one showed."""
        if not self.complete and not self.interrupted:
            return min(interval, GOES_ON_SECONDS)
        return min(SLOWER * interval, max(interval, interval * PAGE_SIZE / (self.new_count + 1)))


def _read_pages(ctx: WorkerContext, account: str, reading: ScanProgress) -> None:
    """Reads on until a page is older than the horizon, or none follows. Raises NotServed and Unreadable."""
    ends = (
        time.monotonic() + ctx.settings.lease_seconds / 2
    )  # when the lease is over, another worker begins anew
    page, pages = page_of(ctx, account, None, None), 1
    walk = Walk.after_first(_mails(page), page.page, page.total, page.pages)
    while True:
        _take(ctx, account, _mails(page), reading)
        reading.arrive(walk, _mails(page))
        if reading.complete or pages > MAX_PAGES or time.monotonic() > ends:
            reading.interrupted = False
            return
        number = walk.next_page()
        page, pages = page_of(ctx, account, None, number), pages + 1
        repeated = reading.shown.issuperset(map(_digest, _mails(page)))
        walk.read(number, len(page.mails), page.total, repeated=repeated)


def _begin(ctx: WorkerContext, account: str) -> ScanProgress:
    """With a horizon: mails from before then were read before, or can't tell of a message that is young."""
    awaiting, young = ctx.store.keys.awaiting(account), (ctx.now() - SCAN_WINDOW).timestamp()
    with ctx.store.client.pipeline(transaction=False) as pipeline:
        pipeline.hmget(ctx.store.keys.scan(account), "watermark", "taken", "newest", "unread")
        pipeline.zrange(awaiting, young, "+inf", byscore=True, offset=0, num=1, withscores=True)
        (through, taken, newest, unread), oldest = pipeline.execute()
    bounds = [from_text(text(through))] if through else []
    bounds += [from_epoch(float(score)) - CLOCK_TOLERANCE + OVERLAP for _, score in oldest]
    return ScanProgress(
        horizon=max(bounds, default=None),
        newest=from_text(text(newest)) if newest else None,
        unread=int(unread) if newest else None,
        before=frozenset(text(taken or "").split()),
    )


def _remember(ctx: WorkerContext, account: str, reading: ScanProgress) -> None:
    """Moves the watermark once all before it was read; until then notes where to go on."""
    seen = ["taken", " ".join(reading.taken[:MAX_TAKEN])]
    if reading.complete and reading.watermark:
        seen += ["watermark", to_text(reading.watermark), "newest", "", "unread", ""]
    elif reading.watermark and reading.left is not None and not (reading.newest and reading.interrupted):
        seen += ["newest", to_text(reading.watermark), "unread", str(reading.left)]
    ctx.store.client.hset(ctx.store.keys.scan(account), items=seen)


def _mails(page: InboxPage) -> list[Mail]:
    return [mail for _, mail in page.mails]


def _take(ctx: WorkerContext, account: str, mails: Sequence[Mail], reading: ScanProgress) -> None:
    """Commits what a page shows of our messages. What the last reading took is not looked at again."""
    by_code, now = defaultdict(list), ctx.now()
    reading.shown.update(map(_digest, mails))
    for mail in mails:
        code = code_in(mail)
        if (
            code and mail.date and mail.date <= now
        ):  # one of tomorrow would make all that comes until then look old
            reading.dates.append(mail.date)
        if code and (known := _digest(mail)) in reading.before:
            reading.taken.append(known)
        elif code:
            by_code[code].append(mail)
    owned = records.find_by_code(ctx.store, account, list(by_code), lambda met: skip(ctx.store, met))
    plain, unclear = [], []
    for code, found in owned.items():
        if not found:
            continue
        fresh, strange = _news(*found, by_code[code])
        if strange or not _is_plain(found[0], fresh):
            unclear.append(found)
            continue
        reading.taken += map(_digest, by_code[code])
        if fresh:
            plain.append((*found, by_code[code]))
    keep_from_page(ctx, plain)
    for message, kept in unclear:
        look(ctx, message, kept)  # which can fail: so its mails are looked at again
    reading.new_count += len(plain) + len(unclear)
    strangers = by_code.keys() - owned.keys()
    reading.unclaimed += [mail.date for code in strangers for mail in by_code[code] if mail.date]


def _digest(mail: Mail) -> str:
    traits = f"{mail.sender}\n{mail.subject}\n{mail.date}".encode("utf-8", "replace")
    return blake2b(traits, digest_size=8).hexdigest()


def _news(
    message: Message, kept: StoredReceipts, mails: list[Mail]
) -> tuple[list[Receipt], list[Unrecognised]]:
    """Receipts, and mails that can't be taken for one, that were not seen before."""
    if message.proof and message.state not in STILL_OPEN:
        return [], []
    receipts, unrecognised = read_all(mails, message.code or "", message.sent_subject)
    known = set(kept.receipts.values())
    fresh = [receipt for receipt in merge(known, receipts) if receipt not in known]
    return fresh, [one for one in unrecognised if one.key not in kept.reported]


def _is_plain(message: Message, fresh: list[Receipt]) -> bool:
    """Whether what is new can be kept without its text."""
    return not fresh or (len(message.recipients) == 1 and all(one.kind in WITHOUT_TEXT for one in fresh))
