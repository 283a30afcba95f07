"""The pages of /inbox: in which order they stand, which to read next, and when what follows is old. Pure.

Nothing is known for sure: whether pages count from 0 or 1, whether the newest mail stands first, whether `n_of_pages`
is right. So the order is read off the dates, and pages are counted from the number that the API gave the first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pec.receipts import Mail

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class View:
    """A mailbox as its first page shows it. `first` is that page's number."""

    mails: Sequence[Mail]
    first: int
    total: int

    @property
    def oldest_first(self) -> bool:
        """Where dates don't tell, the newest is taken to stand first."""
        dates = [mail.date for mail in self.mails if mail.date]
        return len(dates) > 1 and dates[0] < dates[-1]

    def newest_pages(self) -> Iterator[int]:
        """Numbers of the other pages, those with the newest mails first."""
        last = self.first + max(0, self.total - 1) // PAGE_SIZE
        if self.oldest_first:
            yield from range(last, self.first, -1)
        else:
            yield from range(self.first + 1, last + 1)


def older_than(mails: Sequence[Mail], horizon: datetime | None) -> bool:
    """Whether a page reaches back behind the horizon, so that what follows it is older still."""
    oldest = min((mail.date for mail in mails if mail.date), default=None)
    return horizon is not None and oldest is not None and oldest < horizon
