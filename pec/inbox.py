"""The pages of /inbox: their order, which to read next, and when what follows is old.

Nothing is known for sure: whether pages count from 0 or 1, whether the newest mail stands first, whether `n_of_pages`
is right. So the order is read off the dates, and pages are counted from the number that the API gave the first.
Mails come and go while pages are read, so the next page is found by counting mails from the oldest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pec.receipts import Mail

PAGE_SIZE = 25
MAX_IN_VAIN = 8  # pages in a row; then totals are no help


@dataclass(slots=True)
class Walk:
    """The way through a mailbox from its newest mails to its oldest, after its first page was read.

    `unread`: how many mails may be unread yet, counted from the oldest. A mail that comes does not change it, and one
    that is deleted only lowers it. So no mail is skipped, whatever comes and goes between two pages.
    """

    first: int  # the number of the first page
    size: int
    oldest_first: bool
    total: int | None  # None: the API does not say, and what comes meanwhile can't be counted
    unread: int
    ended: bool = False
    _end: int | None = None  # oldest first: the page that may be the last, until it is found
    _gap: bool = False  # newest first: unread mails stand before the last page that was read
    _ahead: int = 0  # mails that are likely to come before the next page is read
    _in_vain: int = 0  # pages in a row that left as much unread

    @classmethod
    def after_first(
        cls, mails: Sequence[Mail], page: int | None, total: int | None, pages: int | None
    ) -> "Walk":
        """Begin after the first page, given what it says. Without a number, pages are taken to count from 0."""
        first, count = 0 if page is None else page, len(mails)
        size = count if total and 0 < count < total else PAGE_SIZE
        walk = cls(first, size, _oldest_first(mails), total, (total or 0) - size)
        walk.ended = count == 0 if total is None else count < size
        if walk.oldest_first and not walk.ended:
            last = (pages or 0) - 1 if total is None else (total - 1) // size
            walk._end = first + max(1, last)
        return walk

    @property
    def astray(self) -> bool:
        """Return whether mails newer than those of the last page are unread."""
        return self._end is not None or self._gap

    def next_page(self) -> int:
        """Return the number of the page to read next."""
        if self._end is not None:
            return self._end
        before = self.unread - 1 if self.oldest_first else (self.total or 0) + self._ahead - self.unread
        return self.first + max(0, before) // self.size

    def read(self, number: int, count: int, total: int | None, *, repeated: bool) -> None:
        """Note a page. `repeated`: this walk was shown all its mails before.

        The second page may be the first again, where pages have no numbers and count from 1.
        """
        start, repeated = (number - self.first) * self.size, repeated and number > self.first + 1
        grown = 0
        if self.total is not None and total is not None:
            grown, self.total = total - self.total, total
        if self._end is not None:
            self._seek(number, start, full=count >= self.size and not repeated)
        elif self.oldest_first:
            self.unread = min(self.unread, start)
            self.ended = self.unread <= 0
        else:
            self._go_back_in_time(start, count, repeated=repeated)
            self._ahead = 0 if self._gap else max(0, grown)

    def go_on_at(self, unread: int) -> None:
        """Read on where an earlier walk in this order stopped, after this one's first page."""
        self._end, self.unread = None, unread
        self.ended = self.unread <= 0

    def _seek(self, number: int, start: int, *, full: bool) -> None:
        """Go on to the last page, wherever totals say that it is. What comes meanwhile need not be read."""
        if full and (self.total is None or start + self.size >= self.total):
            self._end = number + 1
        else:
            self._end, self.unread = None, start
            self.ended = start <= 0

    def _go_back_in_time(self, start: int, count: int, *, repeated: bool) -> None:
        counted, exhausted = self.total is not None, self.unread <= 0
        reaches = (self.total or 0) - start
        if self.total is not None:
            self.unread = min(self.unread, self.total)
        self._gap = reaches < self.unread and self._in_vain < MAX_IN_VAIN
        if self._gap or reaches - self.size >= self.unread:
            self._in_vain += 1
        else:
            self._in_vain, self.unread = 0, reaches - self.size
        if self._gap:
            return
        self.ended = (
            count == 0 or (counted and count < self.size) or (repeated and (exhausted or not counted))
        )


def _oldest_first(mails: Sequence[Mail]) -> bool:
    """Return whether most mails stand before newer ones. A draw, or no dates, means that the newest stands first."""
    dates = [mail.date for mail in mails if mail.date]
    return sum(one < two for one, two in pairwise(dates)) > sum(one > two for one, two in pairwise(dates))


def older_than(mails: Sequence[Mail], horizon: datetime | None) -> bool:
    """Return whether a page lies behind the horizon: then what follows is older still.

    Half of its mails decide: one that came late, with an old date, is no sign that the rest was read.
    """
    dates = [mail.date for mail in mails if mail.date]
    return horizon is not None and 0 < len(dates) <= 2 * sum(date < horizon for date in dates)
