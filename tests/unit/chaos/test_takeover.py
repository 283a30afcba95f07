"""The work that a process had in hand, by its notes."""

from typing import Any

from tests.chaos.takeover import in_hand, picked


def test_what_a_process_picked_and_never_settled_was_in_its_hand() -> None:
    notes: list[dict[str, Any]] = [
        {"pid": 1, "at": 1.0, "picked": "a"},
        {"pid": 1, "at": 1.5, "picked": "b"},
        {"pid": 2, "at": 1.6, "picked": "c"},
        {"pid": 1, "at": 2.0, "settled": "a"},
        {"pid": 1, "at": 9.0, "settled": "b"},
    ]

    assert picked(notes, 3.0, 1) == {"b"}
    assert picked(notes, 9.0, 1) == set()


def test_a_task_is_in_hand_until_it_ends() -> None:
    notes: list[dict[str, Any]] = [
        {"pid": 1, "at": 1.0, "begun": ["check", "a"]},
        {"pid": 1, "at": 1.2, "begun": ["check", "b"]},
        {"pid": 1, "at": 2.0, "ended": ["check", "a"]},
    ]

    assert in_hand(notes, 3.0, 1) == {("check", "b")}
