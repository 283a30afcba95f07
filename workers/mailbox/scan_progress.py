"""How far a scan of a mailbox by its pages came, what it showed, and where the next scan goes on. Without a store."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from pec.api.client import InboxPage
from pec.inbox import PAGE_SIZE, Walk, older_than
from pec.instants import from_text, to_text
from pec.receipts import Mail, code_in

GOES_ON_SECONDS = 1.0  # until the next scan goes on where the time of this one was over
MAX_PAGES = 200  # of one scan
MAX_TAKEN = 200  # digests of mails that the next scan can show again
OVERLAP = timedelta(seconds=5)  # in which mails may have come out of order
OVERLAP_MAILS = 100  # that the last scan took: enough overlap if more mails came in that time
ANSWERS_WITHIN = timedelta(minutes=2)  # a POST answers its code, mostly
NO_CUT = ["newest", "", "floor", "", "unread", "", "order", ""]
SLOWER = 4  # times the interval, at most, if pages show little that is new


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
        if not newest or not floor:  # without a floor: an older version's
            return None
        if from_text(floor) + ANSWERS_WITHIN < horizon:
            return None
        return cls(int(unread), order == "oldest", from_text(newest), from_text(floor))

    def fields(self) -> list[str]:
        """Return the fields and their values, for HSET."""
        times = ["newest", to_text(self.watermark), "floor", to_text(self.floor)]
        return [*times, "unread", str(self.unread), "order", "oldest" if self.oldest_first else "newest"]


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

    def read(self, show: Callable[[int | None], tuple[InboxPage, bool]], is_over: Callable[[], bool]) -> None:
        """Read until a page is older than the horizon, none follows, or the time is over.

        `show` reads the page of this number, notes its mails here, and says whether all were shown before. On the way
        to the first page that is wanted, no time is over: else the next scan would get no further.
        """
        (page, _), pages = show(None), 1
        walk = Walk.after_first(mails_on(page), page.page, page.total, page.pages)
        on_the_way = self._begin(walk) or walk.astray
        if not on_the_way:
            self.arrive(walk, mails_on(page))
        while pages <= MAX_PAGES and (on_the_way or not (self.complete or is_over())):
            number = walk.next_page()
            (page, repeated), pages = show(number), pages + 1
            walk.read(number, len(page.mails), page.total, repeated=repeated)
            on_the_way = walk.astray
            self.arrive(walk, mails_on(page))
        self.interrupted = False

    def _begin(self, walk: Walk) -> bool:
        """Note the first page. Send the walk on to where the last scan was cut short, and return whether it was."""
        if self.cut and (walk.total is None or walk.oldest_first is not self.cut.oldest_first):
            self.cut = None
        if self.cut:
            walk.go_on_at(self.cut.unread)
        elif not walk.oldest_first:
            self.top = max(self.dates, default=None)
        return self.cut is not None

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

    def fields(self) -> list[str]:
        """Return what the next scan must know, as fields and their values.

        The watermark moves once all mails before it were read. Until then, the cut says where to go on.
        """
        fields = ["taken", " ".join([*self.taken][:MAX_TAKEN])]
        if self.complete and self.watermark:
            return [*fields, "watermark", to_text(self.watermark), *NO_CUT]
        if self.watermark and self.floor and self.left is not None:
            return [*fields, *Cut(self.left, self.oldest_first, self.watermark, self.floor).fields()]
        return [*fields, *(NO_CUT if self._failed_to_go_on else [])]

    @property
    def _failed_to_go_on(self) -> bool:
        """Return whether the API did not show the page to go on at: newer mails need not wait for it."""
        return self.cut is not None and bool(self.shown) and self.interrupted and self.left is None


def mails_on(page: InboxPage) -> list[Mail]:
    return [mail for _, mail in page.mails]


def digest_of(mail: Mail) -> str:
    """Return a short text by which a later scan knows the mail."""
    traits = f"{mail.sender}\n{mail.subject}\n{mail.date}".encode("utf-8", "replace")
    return blake2b(traits, digest_size=8).hexdigest()
