"""A mailbox whose pages are shown as the service may show them, without a server."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pec.inbox import PAGE_SIZE
from pec.receipts import Mail

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def mails(*minutes: float | None) -> list[Mail]:
    """Mails of so many minutes after noon; None: a date that can't be read."""
    dates = [None if one is None else NOON + timedelta(minutes=one) for one in minutes]
    return [Mail("posta-certificata@pec.example", "me@pec.example", one, "s", None) for one in dates]


@dataclass
class Mailbox:
    """A mailbox as the service may show it. Mails are numbers; each came a second after the one before."""

    held: list[int]
    oldest_first: bool = False
    first: int = 1
    size: int = PAGE_SIZE
    numbered: bool = True
    counted: bool = True
    clamped: bool = False  # after the last page comes the last one again
    miscounted: int = 0
    reads: int = 0
    read: set[int] = field(default_factory=set)

    def come(self, count: int) -> None:
        newest = max(self.held, default=0)
        self.held += range(newest + 1, newest + 1 + count)

    def page(self, number: int | None) -> tuple[list[int], int | None, int | None, int]:
        self.reads += 1
        place = max(0, (self.first if number is None else number) - self.first)
        order = self.held if self.oldest_first else self.held[::-1]
        if self.clamped:
            place = min(place, max(0, len(order) - 1) // self.size)
        shown = order[place * self.size : (place + 1) * self.size]
        self.read.update(shown)
        said = self.first + place if self.numbered else None
        total = len(order) + self.miscounted if self.counted else None
        return shown, said, total, len(order) // self.size  # as in the vendor's example: 981 mails, 39 pages


def dated(numbers: list[int]) -> list[Mail]:
    return mails(*(number / 60 for number in numbers))
