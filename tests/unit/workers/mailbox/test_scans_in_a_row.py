"""Scans of a mailbox one after the other, cut short and failing at random: they pass over no mail, and they end."""

import random
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any

import pytest

from pec.api.client import InboxPage
from pec.instants import from_text
from tests.unit.mailbox_pages import NOON, Mailbox, dated
from workers.mailbox.scan_progress import Cut, ScanProgress

SHAPES: tuple[dict[str, Any], ...] = ({}, {"first": 0}, {"clamped": True}, {"size": 10}, {"miscounted": 26})
BUSY_SCANS, MAX_SCANS = 12, 120


class Away(Exception):
    """The API did not show a page."""


class Scans:
    """One scan after the other, and what each stores for the next."""

    def __init__(self, box: Mailbox, seed: int) -> None:
        self.box = box
        self.busy = True
        self.stored: dict[str, str] = {}
        self._chance = random.Random(seed)

    @property
    def watermark(self) -> int:
        """The last mail that was read with all before it."""
        stored = self.stored.get("watermark")
        return round((from_text(stored) - NOON) / timedelta(seconds=1)) if stored else -1

    @property
    def is_done(self) -> bool:
        return not self.stored.get("newest") and self.watermark == max(self.box.held)

    def one(self, most_pages: int | None = None) -> None:
        horizon = (NOON + timedelta(seconds=self.watermark)).astimezone(UTC)
        cut = Cut.read(
            *(self.stored.get(name, "") for name in ("newest", "unread", "floor", "order")), horizon=horizon
        )
        progress = ScanProgress(horizon=horizon, cut=cut)
        left = self._chance.choice((1, 2, 3, 4, 6)) if most_pages is None else most_pages
        fails_at = self._chance.choice((0, 0, 2, 3, 4)) * self.busy
        read = 0

        def show(number: int | None) -> tuple[InboxPage, bool]:
            nonlocal read
            read += 1
            if read == fails_at:
                raise Away
            shown, page, total, pages = self.box.page(number)
            self._meanwhile()
            mails, names = dated(shown), set(map(str, shown))
            repeated = names <= progress.shown
            progress.shown |= names
            progress.dates += [mail.date for mail in mails if mail.date]
            return InboxPage(tuple(enumerate(mails)), page, total, pages), repeated

        with suppress(Away):
            progress.read(show, lambda: read >= left)
        fields = progress.fields()
        self.stored |= dict(zip(fields[::2], fields[1::2], strict=True))

    def _meanwhile(self) -> None:
        if not self.busy:
            return
        self.box.come(self._chance.choice((0, 0, 1, 5, 16, 30)))
        if self._chance.random() < 0.05:
            for mail in self._chance.sample(self.box.held, min(len(self.box.held), 60)):
                self.box.held.remove(mail)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("oldest_first", [False, True], ids=["newest first", "oldest first"])
def test_each_mail_before_the_watermark_was_read_and_in_the_end_all_were(
    oldest_first: bool, shape: dict[str, Any], seed: int
) -> None:
    box = Mailbox(list(range(50 * seed + 1)), oldest_first, **shape)
    scans = Scans(box, seed)
    for number in range(MAX_SCANS):
        scans.busy = number < BUSY_SCANS
        scans.one()
        assert not [mail for mail in box.held if mail <= scans.watermark and mail not in box.read]
        if not scans.busy and scans.is_done:
            return
    pytest.fail("they never got to the end")


@pytest.mark.parametrize("miscounted", [0, -60])
@pytest.mark.parametrize("oldest_first", [False, True], ids=["newest first", "oldest first"])
def test_a_scan_whose_time_is_over_at_once_gets_further_all_the_same(
    oldest_first: bool, miscounted: int
) -> None:
    scans = Scans(Mailbox(list(range(300)), oldest_first, miscounted=miscounted), 0)
    scans.busy = False

    for number in range(20):
        scans.one(most_pages=0)
        if scans.is_done:
            break
        assert number < 19, "they never got to the end"

    if oldest_first or not miscounted:  # newest first, a wrong total hides the oldest mails
        assert scans.box.read == set(range(300))
