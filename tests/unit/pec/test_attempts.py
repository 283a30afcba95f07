"""Ids of further attempts, and what these replace."""

from datetime import timedelta
from itertools import islice

import pytest

from pec.attempts import Attempt, again_ids, further_attempts, mended_ids, replaced
from pec.names import State
from tests.unit.cli.builders import NOW, message

HEX = "0123456789"[::-1].replace("9", "a")


@pytest.mark.parametrize(
    ("used", "following"),
    [
        ([], ["b-1:2", "b-1:3"]),
        (["b-1:2"], ["b-1:3", "b-1:4"]),
        (["b-1:7", "b-1:3"], ["b-1:8", "b-1:9"]),
        ([f"b-1:{HEX}", f"b-1:{HEX}:4"], ["b-1:2", "b-1:3"]),
    ],
)
def test_an_attempt_has_a_number_that_none_before_it_had(used: list[str], following: list[str]) -> None:
    assert list(islice(again_ids("b-1", used), 2)) == following


def test_an_attempt_at_another_address_is_named_by_the_address_however_it_is_spelt() -> None:
    first = next(mended_ids("b-1", "rossi@pec.example", []))

    assert first == next(mended_ids("b-1", "ROSSI@PEC.example", []))
    assert first != next(mended_ids("b-1", "verdi@pec.example", []))
    assert next(mended_ids("b-1", "rossi@pec.example", [first])) == f"{first}:2"
    assert next(mended_ids("b-1", "rossi@pec.example", [first, f"{first}:2"])) == f"{first}:3"


@pytest.mark.parametrize(
    ("job_id", "firsts"),
    [
        ("b-1:2", ["b-1"]),
        (f"b-1:{HEX}", ["b-1"]),
        (f"b-1:{HEX}:3", [f"b-1:{HEX}", "b-1"]),
        ("b-a:b:2", ["b-a:b"]),
        ("b-1", []),
        ("b-1:1", []),
        ("b-1:x", []),
        ("b-1:2:3", ["b-1:2"]),
        (":2", []),
    ],
)
def test_a_further_attempt_is_known_by_its_id(job_id: str, firsts: list[str]) -> None:
    assert dict(further_attempts([job_id])) == {first: [job_id] for first in firsts}


def test_attempts_keep_the_order_in_which_they_were_made() -> None:
    made = [f"b-1:{HEX}", "b-1:2", "b-2:2", "b-1:3"]

    assert further_attempts(made)["b-1"] == [f"b-1:{HEX}", "b-1:2", "b-1:3"]


def attempt(
    job_id: str, at: int, state: State = State.CANCELLED, to: str = "rossi", batch: str | None = "b"
) -> Attempt:
    """Return an attempt made at this second, which ended half a second later."""
    made = NOW + timedelta(seconds=at)
    ended = None if state is State.QUEUED else made + timedelta(seconds=0.5)
    return Attempt.of(
        message(
            state, id=job_id, recipients=(f"{to}@pec.example",), batch=batch, created_at=made, ended_at=ended
        )
    )


MARKED = next(mended_ids("b-1", "verdi@pec.example", []))


@pytest.mark.parametrize("state", [State.QUEUED, State.CANCELLED, State.DELIVERED])
def test_the_last_attempt_replaces_all_before_it_whatever_its_state(state: State) -> None:
    made = [attempt("b-1", 1), attempt("b-1:2", 2, State.UNDELIVERED), attempt("b-1:3", 3, state)]

    assert replaced(made) == replaced(made[::-1]) == {"b-1": "b-1:3", "b-1:2": "b-1:3"}


def test_attempts_at_other_addresses_replace_those_before_them() -> None:
    made = [
        attempt("b-1", 1, State.UNCERTIFIED),
        attempt(MARKED, 2, State.UNDELIVERED, to="VERDI"),
        attempt(f"{MARKED}:2", 3, to="verdi"),
        attempt("b-1:2", 4, State.QUEUED, to="verdi"),
    ]

    assert replaced(made) == dict.fromkeys(["b-1", MARKED, f"{MARKED}:2"], "b-1:2")


@pytest.mark.parametrize(
    "alike",
    [
        [attempt("b-1:2", 2)],
        [attempt("b-1", 1, State.QUEUED), attempt("b-1:2", 2)],
        [attempt("b-1", 1, State.DELIVERED), attempt("b-1:2", 2)],
        [attempt("b-1", 2), attempt("b-1:2", 2)],
        [attempt("b-1", 1), attempt("b-1:2", 2, to="verdi")],
        [attempt("b-1", 1), attempt(f"b-1:{HEX}", 2, to="verdi")],
        [attempt("b-1", 1), attempt("b-1:2", 2, batch="other")],
        [attempt("b-1", 1, batch=None), attempt("b-1:2", 2, batch=None)],
        [attempt("b-1", 1), attempt("b-1:x", 2)],
        [attempt("b-1", 1), attempt("b-1#2", 2)],
    ],
)
def test_ids_that_only_look_alike_replace_nothing(alike: list[Attempt]) -> None:
    assert replaced(alike) == {}


def test_attempts_at_ids_that_look_like_attempts_replace_those_alone() -> None:
    made = [attempt("b-1", 1), attempt("b-1:2", 1, to="verdi"), attempt("b-1:2:2", 2, to="verdi")]

    assert replaced(made) == {"b-1:2": "b-1:2:2"}
    assert replaced([*made, attempt("b-1:3", 2)]) == {"b-1:2": "b-1:2:2", "b-1": "b-1:3"}
