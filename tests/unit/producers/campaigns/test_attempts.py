"""Ids of further attempts."""

from itertools import islice

import pytest

from producers.campaigns.attempts import again_ids, further_attempts, mended_ids

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
