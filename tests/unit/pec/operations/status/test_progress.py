"""Counting what is followed, and estimating what is left."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.names import State
from pec.operations.status.progress import Tally, age, clock, duration, sends_until, summary
from tests.unit.cli.builders import NOW, message


def tally(*messages: object) -> Tally:
    made = Tally()
    for one in messages:
        made.note(one)  # type: ignore[arg-type]  # all are messages
    return made


def test_a_message_counts_once_in_the_state_it_has_now() -> None:
    followed = tally(message(State.QUEUED), message(State.SENT), message(State.QUEUED, id="inv-2"))

    assert followed.counts == {State.QUEUED: 1, State.SENT: 1}
    assert followed.ended == 0


def test_all_delivered_means_every_one() -> None:
    assert tally(message(State.DELIVERED)).all_delivered
    assert not tally(message(State.DELIVERED), message(State.UNCERTIFIED, id="inv-2")).all_delivered


def test_a_message_that_a_later_attempt_replaced_does_not_count() -> None:
    first = message(State.CANCELLED, batch="b", ended_at=NOW)
    later = {"id": "inv-1:2", "batch": "b", "created_at": NOW + timedelta(seconds=1)}
    followed = tally(first)
    assert followed.counts == {State.CANCELLED: 1}

    followed.note(message(State.QUEUED, **later))
    assert followed.counts == {State.QUEUED: 1}
    assert not followed.all_delivered

    followed.note(message(State.DELIVERED, **later))
    assert followed.all_delivered
    assert followed.replaced == {"inv-1": "inv-1:2"}


def test_the_last_queued_of_each_account_is_the_one_that_will_be_sent_last() -> None:
    followed = tally(
        message(id="early", order=1),
        message(id="late", order=2),
        message(id="urgent", order=3, priority=9),
        message(State.SENT, id="gone", order=9),
        message(id="alone", account="beta", order=5),
    )

    assert followed.last_queued() == {"acme": "late", "beta": "alone"}


@pytest.mark.parametrize(
    ("position", "others", "sends"),
    [
        (0, [], 1),  # the next
        (9, [], 10),
        (9, [3], 13),  # a short lane beside it is served in full
        (2, [1000, 1000], 9),  # long ones get as many turns as ours
    ],
)
def test_accounts_of_a_token_rotate(position: int, others: list[int], sends: int) -> None:
    assert sends_until(position, others) == sends


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=20))
def test_an_estimate_is_at_least_the_own_place_and_at_most_everything(
    position: int, others: list[int]
) -> None:
    assert position + 1 <= sends_until(position, others) <= position + 1 + sum(others)


def test_the_summary_says_what_is_left_to_send() -> None:
    counts = {State.QUEUED: 5, State.DELIVERED: 2}

    assert summary(counts, 1, 6.0) == "5 queued · 2 delivered · 1 rejected · all sent in about 6 s"


def test_the_summary_says_nothing_of_sending_when_nothing_is_queued() -> None:
    assert summary({State.SENT: 1}, 0, 0.0) == "1 sent"


def test_the_summary_of_nothing_says_what_is_awaited() -> None:
    assert summary({}) == "waiting for a worker to take it"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3540, "59 min"),
        (3570, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_370, "1 d 0 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_duration_is_as_exact_as_an_estimate_deserves(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=9), "13:00:09"),
        (timedelta(minutes=-9), "12:51:00"),
        (timedelta(minutes=11), "13:11"),
        (timedelta(hours=10, minutes=59), "23:59"),
        (timedelta(hours=11), "2026-11-25 00:00"),
    ],
)
def test_a_clock_shows_rome_and_the_day_only_where_it_is_another(ahead: timedelta, words: str) -> None:
    assert clock(NOW + ahead, NOW) == words


def test_what_does_not_wait_has_no_age() -> None:
    assert age(None, NOW) is None
    assert age(NOW - timedelta(minutes=6), NOW) == "6 min"
