"""The cost of a death, from the notes of worker processes."""

from typing import Any

from tests.chaos.deaths import BETWEEN_SECONDS, RATE, _idle, _sends_resumed
from tests.chaos.world import interval_seconds

DEAD, ALIVE = 7, 8
DIED_AT = 100.0


def _note(at: float, pid: int = ALIVE, **what: Any) -> dict[str, Any]:
    return {"at": at, "pid": pid, **what}


def _sends(*moments: float) -> list[dict[str, Any]]:
    return [_note(at, first_byte=["x"], token="t") for at in moments]


def test_a_send_in_dead_hands_goes_on_when_it_is_looked_for() -> None:
    notes = [
        _note(98, DEAD, picked="settled"),
        _note(98.5, DEAD, settled="settled"),
        _note(99, DEAD, picked="claimed"),
        _note(103, begun=["check", "settled"]),
        _note(106, begun=["lookup", "claimed"]),
    ]

    assert list(_sends_resumed(notes, [(DIED_AT, DEAD)])) == [6.0]


def test_a_send_in_dead_hands_goes_on_when_it_is_picked_again() -> None:
    notes = [_note(99, DEAD, picked="m"), _note(103, picked="m"), _note(109, begun=["lookup", "m"])]

    assert list(_sends_resumed(notes, [(DIED_AT, DEAD)])) == [3.0]


def test_a_send_that_no_worker_went_on_with_takes_for_ever() -> None:
    assert list(_sends_resumed([_note(99, DEAD, picked="m")], [(DIED_AT, DEAD)])) == [float("inf")]


def test_a_token_idles_until_it_sends_again_also_after_the_next_death() -> None:
    begins, ends = DIED_AT + 1, DIED_AT + BETWEEN_SECONDS + 3

    [idle] = _idle(_sends(99.9, begins, ends), [(DIED_AT, DEAD)])

    assert idle == (ends - begins) / interval_seconds(RATE)


def test_a_token_that_had_nothing_left_to_send_did_not_idle() -> None:
    assert list(_idle(_sends(90, 91), [(DIED_AT, DEAD)])) == []
