"""A message's past states, kept short: exact, bounded, and readable whichever version wrote them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.changes import FIRST_KEPT, LETTERS, MAX_BYTES, Past, changed, created, extended, past_states
from pec.messages import Message, from_hash, to_hash
from pec.names import State
from tests.unit.cli.builders import NOW, message

SECOND = timedelta(seconds=1)
moves = st.lists(st.tuples(st.sampled_from(State), st.integers(0, 10**11)), min_size=1, max_size=40)


def written(steps: list[tuple[State, int]], created_at: datetime = NOW) -> tuple[str, list[Past]]:
    """The history of these states, each so many microseconds after the one before; and the states as they were."""
    text, at, known = "", created_at, []
    for state, microseconds in steps:
        at += timedelta(microseconds=microseconds)
        text = extended(text, created_at, state, at)
        known.append(Past(state, at.replace(microsecond=at.microsecond // 1000 * 1000)))
    return text, known


def test_each_state_has_a_letter_of_its_own() -> None:
    assert set(LETTERS) == set(State)
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_a_delivered_message_is_short() -> None:
    hours = 3_600_000_000
    steps = [(State.QUEUED, 0), (State.SENDING, 3 * hours), (State.SENT, 180_000)]
    text, known = written([*steps, (State.ACCEPTED, 61_000_000), (State.DELIVERED, 60_000_000)])

    assert text == "Q0S10800000T180A61000D60000"
    assert past_states(text, NOW) == known


@given(moves, st.integers(0, 999_999))
def test_what_fits_is_exact_and_the_rest_is_counted(steps: list[tuple[State, int]], microsecond: int) -> None:
    created_at = NOW.replace(microsecond=microsecond)
    text, known = written(steps, created_at)
    read = past_states(text, created_at)

    assert len(text.encode()) <= MAX_BYTES
    gap = sum(one.left_out for one in read)
    assert len(read) + gap == len(known)
    kept = known if not gap else [*known[:FIRST_KEPT], *known[FIRST_KEPT + gap :]]
    assert [(one.state, one.at) for one in read] == [(one.state, one.at) for one in kept]


def test_a_message_that_goes_back_and_forth_for_days_keeps_its_first_and_its_last_states() -> None:
    steps = [(State.QUEUED, 0), *[(State.SENDING, 300_000_000), (State.QUEUED, 150_000)] * 1000]
    text, known = written([*steps, (State.SENDING, 300_000_000), (State.SENT, 150_000)])
    read = past_states(text, NOW)

    assert [one.state for one in read[:3]] == [State.QUEUED, State.SENDING, State.QUEUED]
    assert (read[-1].state, read[-1].at) == (State.SENT, known[-1].at)
    assert [one.left_out for one in read if one.left_out] == [len(known) - len(read)]


def test_a_clock_that_goes_back_makes_no_time_negative() -> None:
    text = extended("Q0S5000", NOW, State.SENT, NOW + SECOND)

    assert text == "Q0S5000T0"


def test_a_state_that_only_a_newer_version_knows_is_left_out_and_kept() -> None:
    assert past_states("Q0X1000T1000", NOW) == [
        Past(State.QUEUED, NOW),
        Past(State.SENT, NOW + 2 * SECOND, 1),
    ]
    assert extended("Q0X1000", NOW, State.SENT, NOW + 2 * SECOND) == "Q0X1000T1000"


def test_the_commit_that_changes_the_state_writes_it_with_its_own_time() -> None:
    created_at = NOW.replace(microsecond=123_999)
    first = created(message(created_at=created_at, updated_at=created_at)).after
    later = created_at + timedelta(microseconds=900_500)
    sending = changed(stored(first), later, {"state": State.SENDING}).after
    looked_at = changed(stored(sending), later + SECOND, {"checks": 1}).after

    assert looked_at.history == sending.history == "Q0S901"
    [queued, begun] = past_states(sending.history, stored(first).created_at)
    assert queued.at == stored(first).created_at
    assert begun.at == stored(sending).updated_at


def stored(one: Message) -> Message:
    return from_hash(one.id, to_hash(one))


@pytest.mark.parametrize("state", list(State))
def test_a_new_message_begins_with_its_state(state: State) -> None:
    assert created(message(state)).after.history == f"{LETTERS[state]}0"
