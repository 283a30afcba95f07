"""In which order the pages of a mailbox are read, whatever the service does."""

from datetime import UTC, datetime, timedelta

import pytest

from pec.inbox import View, older_than
from pec.receipts import Mail

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def mails(*minutes: float | None) -> list[Mail]:
    """Mails of so many minutes after noon; None: a date that can't be read."""
    dates = [None if one is None else NOON + timedelta(minutes=one) for one in minutes]
    return [Mail("posta-certificata@pec.example", "me@pec.example", one, "s", None) for one in dates]


@pytest.mark.parametrize(
    ("dates", "first", "total", "pages"),
    [
        ((3, 2, 1), 1, 60, [2, 3]),  # newest first, counted from 1
        ((3, 2, 1), 0, 60, [1, 2]),
        ((1, 2, 3), 1, 60, [3, 2]),  # oldest first: the newest are on the last page
        ((1, 2, 3), 0, 60, [2, 1]),
        ((1, 2, 3), 1, 981, list(range(40, 1, -1))),  # the vendor's example says 39 pages
        ((1, 2, 3), 1, 50, [2]),
        ((1, 2, 3), 1, 25, []),
        ((), 1, 0, []),
        ((1, 1, 1), 1, 60, [2, 3]),  # one second: nobody can tell
        ((None, 2, 1, None), 1, 60, [2, 3]),
    ],
)
def test_pages_are_read_from_the_newest_mail_on(
    dates: tuple[float | None, ...], first: int, total: int, pages: list[int]
) -> None:
    assert list(View(mails(*dates), first, total).newest_pages()) == pages


def test_a_page_that_reaches_behind_the_horizon_is_the_last_worth_reading() -> None:
    page = mails(3, 2, 1)

    assert older_than(page, NOON + timedelta(minutes=1.5))
    assert not older_than(page, NOON + timedelta(minutes=1))
    assert not older_than(page, None), "at the first time all is read"
    assert not older_than(mails(None), NOON + timedelta(days=1)), "what has no date proves nothing"
