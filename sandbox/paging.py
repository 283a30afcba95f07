"""How GET /inbox cuts a mailbox into pages of 25."""

from dataclasses import dataclass
from typing import TypeVar

PAGE_SIZE = 25
Item = TypeVar("Item")


@dataclass(frozen=True)
class Paging:
    """Unknown details of the live service, so they can be chosen: the number of the first page, and the order."""

    first_page: int
    newest_first: bool

    def cut(self, oldest_first: list[Item], page: int) -> list[Item]:
        """Return the items of a page. A number below the first gives the first page, one above the last no items."""
        items = oldest_first[::-1] if self.newest_first else oldest_first
        start = max(page - self.first_page, 0) * PAGE_SIZE
        return items[start : start + PAGE_SIZE]


def number_of_pages(total: int) -> int:
    """Rounded down, as in the vendor's example: 981 messages, 39 pages. Clients must not believe it."""
    return total // PAGE_SIZE
