"""In which order the pages of a mailbox are read, whatever the service and other users of the mailbox do."""

import random
from datetime import timedelta

import pytest

from pec.inbox import PAGE_SIZE, Walk, older_than
from tests.unit.mailbox_pages import NOON, Mailbox, dated, mails


def walk_through(box: Mailbox, between: object = None, until: int = -1, most: int = 500) -> Walk:
    """Read on until a page is older than the mail `until`, or the walk ends. `between` runs between two pages."""
    horizon = NOON + timedelta(seconds=until)
    shown, page, total, pages = box.page(None)
    walk = Walk.after_first(dated(shown), page, total, pages)
    seen = set(shown)
    while not walk.ended and (walk.astray or not older_than(dated(shown), horizon)):
        assert box.reads < most, "it never ends"
        if callable(between):
            between()
        number = walk.next_page()
        shown, _, total, _ = box.page(number)
        walk.read(number, len(shown), total, repeated=seen.issuperset(shown))
        seen.update(shown)
    return walk


BOTH_ORDERS = pytest.mark.parametrize("oldest_first", [False, True], ids=["newest first", "oldest first"])


@BOTH_ORDERS
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 60, 981])
def test_a_quiet_mailbox_is_read_whole_whatever_number_its_pages_begin_with(
    oldest_first: bool, first: int, count: int
) -> None:
    box = Mailbox(list(range(count)), oldest_first, first)

    walk_through(box)

    assert box.read == set(range(count))
    assert box.reads <= count // PAGE_SIZE + 3


@BOTH_ORDERS
@pytest.mark.parametrize("until", [0, 400, 955, 979])
def test_pages_behind_the_horizon_are_not_read(oldest_first: bool, until: int) -> None:
    box = Mailbox(list(range(981)), oldest_first)

    walk_through(box, until=until)

    assert box.read >= set(range(until, 981))
    assert box.reads <= (981 - until) // PAGE_SIZE + 4


@pytest.mark.parametrize("each", [1, 16, 22, 25, 40, 100])
@BOTH_ORDERS
def test_mails_that_come_between_two_pages_hide_none_of_those_before(oldest_first: bool, each: int) -> None:
    """At 20 sends a second two mails come for each PEC, and pages take 0.4 s."""
    box = Mailbox(list(range(830)), oldest_first)
    walk_through(box, lambda: box.come(each))

    assert box.read >= set(range(830))


@BOTH_ORDERS
def test_mails_that_are_deleted_between_two_pages_hide_no_others(oldest_first: bool) -> None:
    box = Mailbox(list(range(830)), oldest_first)
    gone: set[int] = set()
    chance = random.Random(7)

    def delete() -> None:
        if box.reads % 6 == 0:
            one = chance.choice(box.held)
            gone.add(one)
            box.held.remove(one)

    walk_through(box, delete)

    assert box.read >= set(range(830)) - gone


@BOTH_ORDERS
@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_passed_over_whatever_comes_and_goes(oldest_first: bool, seed: int) -> None:
    chance = random.Random(seed)
    box = Mailbox(list(range(chance.randint(1, 900))), oldest_first, chance.randint(0, 1))
    until, gone, there = chance.randint(-1, len(box.held)), set[int](), set(box.held)
    deletions = 8  # of which each can cost a step back

    def between() -> None:
        nonlocal deletions
        box.come(chance.choice((0, 0, 3, 16, 30)))
        if deletions and chance.random() < 0.3:
            deletions -= 1
            for one in chance.sample(box.held, min(len(box.held), chance.choice((1, 5, 60)))):
                gone.add(one)
                box.held.remove(one)

    walk_through(box, between, until)

    assert box.read >= {one for one in there - gone if one >= until}


@BOTH_ORDERS
@pytest.mark.parametrize(
    "oddity",
    [
        {"numbered": False, "first": 0},
        {"numbered": False, "first": 1},
        {"counted": False},
        {"counted": False, "numbered": False},
        {"counted": False, "clamped": True},
        {"clamped": True},
        {"size": 10},
        {"size": 50},
        {"miscounted": 1},
        {"miscounted": -1},
        {"miscounted": -26},
        {"miscounted": 26},
    ],
    ids=str,
)
@pytest.mark.parametrize("count", [30, 100, 130])
def test_a_service_with_its_own_ideas_of_pages_is_read_whole_too(
    oldest_first: bool, oddity: dict[str, int], count: int
) -> None:
    box = Mailbox(list(range(count)), oldest_first)
    for name, value in oddity.items():
        setattr(box, name, value)

    walk_through(box)

    assert box.read == set(range(count))


def test_a_total_that_says_how_many_a_page_has_does_not_lead_in_circles() -> None:
    walk = Walk.after_first(dated(list(range(25, 0, -1))), 1, 25, None)
    numbers: list[int] = []
    while not walk.ended:
        assert len(numbers) < 50
        numbers.append(walk.next_page())
        left = max(0, min(25, 107 - 25 * (numbers[-1] - 1)))
        walk.read(numbers[-1], left, left, repeated=False)

    assert {2, 3, 4, 5} <= set(numbers)


@BOTH_ORDERS
def test_a_walk_goes_on_where_an_earlier_one_ended(oldest_first: bool) -> None:
    box = Mailbox(list(range(830)), oldest_first)
    left = 300
    box.come(40)
    shown, page, total, pages = box.page(None)
    walk = Walk.after_first(dated(shown), page, total, pages)
    walk.go_on_at(left)
    box.come(30)
    while not walk.ended:
        shown, _, total, _ = box.page(number := walk.next_page())
        walk.read(number, len(shown), total, repeated=False)

    assert box.read >= set(range(300))
    assert box.reads <= 300 // PAGE_SIZE + 4


def test_mails_deleted_between_two_walks_hide_none_that_the_first_left_unread() -> None:
    box = Mailbox(list(range(130)), oldest_first=True)
    box.come(0)
    shown, page, total, pages = box.page(None)
    walk = Walk.after_first(dated(shown), page, total, pages)
    while walk.astray:
        shown, _, total, _ = box.page(number := walk.next_page())
        walk.read(number, len(shown), total, repeated=False)
    left = walk.unread
    del box.held[:60]

    shown, page, total, pages = box.page(None)
    walk = Walk.after_first(dated(shown), page, total, pages)
    walk.go_on_at(left)
    while not walk.ended:
        shown, _, total, _ = box.page(number := walk.next_page())
        walk.read(number, len(shown), total, repeated=False)

    assert box.read >= set(range(60, 130))


def test_a_page_half_of_which_lies_behind_the_horizon_is_the_last_worth_reading() -> None:
    page = mails(3, 2, 1)

    assert older_than(page, NOON + timedelta(minutes=2.5))
    assert not older_than(page, NOON + timedelta(minutes=1))
    assert not older_than(page, None), "at the first time all is read"
    assert not older_than(mails(None), NOON + timedelta(days=1)), "what has no date proves nothing"
    assert not older_than([], NOON)


def test_a_mail_that_came_late_with_an_old_date_neither_ends_the_walk_nor_turns_it_round() -> None:
    page = mails(1, 9, 8, 7, 6, 5)

    assert not older_than(page, NOON + timedelta(minutes=4))
    assert not Walk.after_first(page * 5, 1, 60, None).oldest_first


def test_dates_that_say_nothing_mean_that_the_newest_stand_first() -> None:
    assert not Walk.after_first(mails(1, 1, 1), 1, 60, None).oldest_first
    assert not Walk.after_first(mails(None, 2, 1, None), 1, 60, None).oldest_first
