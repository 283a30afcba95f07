"""Reading a busy mailbox by its pages: one GET shows 25 receipts, while a check costs a GET for each message.

Pages only ever add. What they don't show proves nothing: a message whose window is over is checked by its code, and
so are the texts, once it has ended.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog

from pec.api.client import InboxPage, Mail
from pec.changes import Change
from pec.inbox import PAGE_SIZE, Walk, older_than
from pec.instants import from_epoch, from_text, to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind, code_in
from pec.store import records
from pec.store.commits import Commit, OtherHistory, apply
from pec.store.store import text
from workers.context import NotServed, WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.incoming import MAX_AGE, incoming_on_page
from workers.mailbox.scan_policy import SCAN_WINDOW, finish_scan
from workers.mailbox.search import CLOCK_TOLERANCE, page_of
from workers.tasks.check import Seen, check_by_code, commit_page, observed
from workers.unsupported import skip

MAX_PAGES = 200  # of one scan
GOES_ON_SECONDS = 1.0  # until the next scan goes on where the time of this one was over
MAX_TAKEN = 200  # digests of mails that the next scan can show again
OVERLAP = timedelta(seconds=5)  # in which mails may have come out of order
OVERLAP_MAILS = 100  # that the last scan took: enough overlap if more mails came in that time
ANSWERS_WITHIN = timedelta(minutes=2)  # a POST answers its code, mostly
SLOWER = 4  # times the interval, at most, if pages show little that is new
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


@dataclass(frozen=True, slots=True)
class Cut:
    """The place at which a scan was cut short: `unread` mails, counted from the oldest, are left.

    Once they are read, all before the watermark is. Of unclaimed codes among them, those since `floor` lower it.
    """

    unread: int
    oldest_first: bool  # the order of the pages
    watermark: datetime
    floor: datetime

    @classmethod
    def read(cls, newest: str, unread: str, floor: str, order: str, *, horizon: datetime) -> "Cut | None":
        """Return the cut of these fields, or None if there is none above the horizon."""
        if (
            not newest or not floor or from_text(floor) + ANSWERS_WITHIN < horizon
        ):  # without floor: an older version's
            return None
        return cls(int(unread), order == "oldest", from_text(newest), from_text(floor))

    def fields(self) -> list[str]:
        """Return the fields and their values, for HSET."""
        times = ["newest", to_text(self.watermark), "floor", to_text(self.floor)]
        return [*times, "unread", str(self.unread), "order", "oldest" if self.oldest_first else "newest"]


NO_CUT = ["newest", "", "floor", "", "unread", "", "order", ""]


@dataclass(slots=True)
class ScanProgress:
    """How far one scan came, and what its pages showed. Mails are known by their digests.

    All that is older than `horizon` was read before. A scan that is cut short does not get there. The next scan
    continues it, so each scan gets further, however many mails come. Newer mails wait until a scan is complete.
    """

    history: str = ""  # of the server's writes, on which the scan began
    horizon: datetime | None = None
    cut: Cut | None = None  # where the last scan stopped, and this one goes on
    top: datetime | None = None  # newest date of the first page, if it shows the newest mails
    before: frozenset[str] = frozenset()  # taken by the last scan: nothing new
    taken: dict[str, None] = field(default_factory=dict)  # need not be taken again; in the order of pages
    shown: set[str] = field(default_factory=set)  # by this scan
    again: int = 0  # of these, how many the last scan took, and are no newer than the horizon
    new_count: int = 0  # messages with something new
    dates: list[datetime] = field(default_factory=list)
    unclaimed: list[datetime] = field(default_factory=list)  # receipts whose code no message has so far
    complete: bool = False  # down to the horizon
    left: int | None = None  # mails that were not read; None: they can't be counted
    oldest_first: bool = False
    interrupted: bool = True  # by the API; else, if it is not complete, the time was over

    @property
    def watermark(self) -> datetime | None:
        """Return until when all may be taken for read.

        A recent unclaimed code can be one that a POST has still to answer.
        """
        reached, floor = self.cut.watermark if self.cut else self._reached, self.floor
        return floor and reached and min([reached, *(one for one in self.unclaimed if one > floor)])

    @property
    def floor(self) -> datetime | None:
        """Return since when an unclaimed code is recent: it stays while a scan is continued, or it would slide back."""
        reached = self._reached
        return self.cut.floor if self.cut else reached and reached - ANSWERS_WITHIN

    @property
    def _reached(self) -> datetime | None:
        """Return the newest date that was read, or None if all was read before."""
        reached = self.top or max(self.dates, default=None)
        return None if reached and self.horizon and reached < self.horizon else reached

    def note(self, page: Mapping[str, Mail], now: datetime) -> dict[str, dict[str, Mail]]:
        """Note the mails of a page, by digest. Return by code those that this scan and the last one did not take."""
        by_code: dict[str, dict[str, Mail]] = defaultdict(dict)
        for digest, mail in page.items():
            code = code_in(mail)
            # a date in the future would make newer mails look old
            if code and mail.date and mail.date <= now:
                self.dates.append(mail.date)
            if self._is_shown_again(digest, mail):
                self.again += 1
            if code and (digest in self.before or digest in self.taken):
                self.taken[digest] = None
            elif code:
                by_code[code][digest] = mail
        self.shown.update(page)
        return by_code

    def _is_shown_again(self, digest: str, mail: Mail) -> bool:
        if digest not in self.before or digest in self.shown:
            return False
        return bool(self.horizon and mail.date and mail.date <= self.horizon)

    def begin(self, walk: Walk) -> bool:
        """Note the first page. Send the walk on to where the last scan was cut short, and return whether it was."""
        if self.cut and (walk.total is None or walk.oldest_first is not self.cut.oldest_first):
            self.cut = None
        if self.cut:
            walk.go_on_at(self.cut.unread)
        elif not walk.oldest_first:
            self.top = max(self.dates, default=None)
        return self.cut is not None

    @property
    def failed_to_go_on(self) -> bool:
        """Return whether the API did not show the page at which this scan was to go on."""
        return self.cut is not None and bool(self.shown) and self.interrupted and self.left is None

    def arrive(self, walk: Walk, mails: Sequence[Mail]) -> None:
        """Note how far the walk came with these mails."""
        if walk.astray:
            return
        self.complete = walk.ended or self.overlaps(mails)
        self.left = None if walk.total is None else walk.unread
        self.oldest_first = walk.oldest_first

    def overlaps(self, mails: Sequence[Mail]) -> bool:
        """Return whether enough was shown again of what was read before."""
        if self.horizon is None:
            return False
        many = self.again >= OVERLAP_MAILS
        return older_than(mails, self.horizon if many else self.horizon - OVERLAP)

    def wait_seconds(self, interval: float) -> float:
        """Return how long the next scan can wait: less, the more this one showed."""
        if not self.interrupted and (self.cut or not self.complete):
            return min(interval, GOES_ON_SECONDS)
        return min(SLOWER * interval, max(interval, interval * PAGE_SIZE / (self.new_count + 1)))


def _read_pages(ctx: WorkerContext, account: str, progress: ScanProgress) -> None:
    """Read on until a page is older than the horizon, or none follows. Raise NotServed and MailboxUnavailable."""
    # When the lease is over, another worker begins anew.
    ends = time.monotonic() + ctx.settings.lease_seconds / 2
    page, pages = page_of(ctx, account, None, None), 1
    walk = Walk.after_first(_mails(page), page.page, page.total, page.pages)
    _take(ctx, account, _mails(page), progress)
    on_the_way = progress.begin(walk) or walk.astray
    if not on_the_way:
        progress.arrive(walk, _mails(page))
    while pages <= MAX_PAGES and (on_the_way or not (progress.complete or time.monotonic() > ends)):
        number = walk.next_page()
        page, pages = page_of(ctx, account, None, number), pages + 1
        repeated = _take(ctx, account, _mails(page), progress)
        walk.read(number, len(page.mails), page.total, repeated=repeated)
        on_the_way = walk.astray
        progress.arrive(walk, _mails(page))
    progress.interrupted = False


def _begin(ctx: WorkerContext, account: str) -> ScanProgress:
    """Return a scan with its horizon: older mails were read before, or belong to no message within its window."""
    since = (ctx.now() - SCAN_WINDOW).timestamp()
    history, oldest, watermark, taken, *cut = map(text, ctx.store.run("begin_scan", account, since))
    bounds = [from_text(watermark)] if watermark else []
    bounds += [from_epoch(float(oldest)) - CLOCK_TOLERANCE + OVERLAP] if oldest else []
    horizon = max(bounds, default=ctx.now() - MAX_AGE)
    return ScanProgress(history, horizon, Cut.read(*cut, horizon=horizon), before=frozenset(taken.split()))


def _remember(ctx: WorkerContext, account: str, progress: ScanProgress) -> None:
    """Move the watermark once all mails before it were read. Until then, note the point at which to go on.

    Raise OtherHistory.
    """
    fields = ["taken", " ".join([*progress.taken][:MAX_TAKEN])]
    if progress.complete and progress.watermark:
        fields += ["watermark", to_text(progress.watermark), *NO_CUT]
    elif progress.watermark and progress.floor and progress.left is not None:
        fields += Cut(progress.left, progress.oldest_first, progress.watermark, progress.floor).fields()
    elif progress.failed_to_go_on:  # newer mails need not wait for that page: the next scan begins with them
        fields += NO_CUT
    command = ["HSET", ctx.store.keys.scan(account), *fields]
    apply(ctx.store, Commit(commands=[command], history=progress.history))


def _mails(page: InboxPage) -> list[Mail]:
    return [mail for _, mail in page.mails]


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


def digest_of(mail: Mail) -> str:
    """Return a short text by which a later scan knows the mail."""
    traits = f"{mail.sender}\n{mail.subject}\n{mail.date}".encode("utf-8", "replace")
    return blake2b(traits, digest_size=8).hexdigest()


def _is_settled(message: Message) -> bool:
    """Return whether nothing that a page shows is news of the message."""
    return message.proof is not None and message.state not in STILL_OPEN


def _is_plain(change: Change) -> bool:
    """Return whether what is new can be kept without its text."""
    one_recipient = len(change.after.recipients) == 1
    without_text = one_recipient and all(new.kind in WITHOUT_TEXT for new in change.receipts)
    return not change.reported and (not change.receipts or without_text)
