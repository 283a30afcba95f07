"""Figures from waits and from many tokens."""

import pytest

from bench.rotation import Tokens, Waited, _figures_of


def test_a_message_waits_only_for_slots_that_were_not_granted_when_it_came() -> None:
    assert Waited(sends=3, granted=2).slots == 1
    assert Waited(sends=1, granted=2).slots == 0


def test_a_token_that_stands_still_and_one_that_is_too_fast_are_reported_though_most_keep_their_pace() -> (
    None
):
    even = [float(n) for n in range(40)]
    hasty = sorted([*even, 10.5])
    found = Tokens([even, even, hasty, [0.0]], edges=[2, 14, 26, 38], cpu_seconds=1.0)

    value = {figure.name.partition(", ")[::2]: figure.ours for figure in _figures_of(found)[0]}

    assert value["sends made/allowed", "4 tokens of 1/s each"] == pytest.approx(0.75)
    assert value["sends made/allowed", "the least of 4 tokens of 1/s each"] == 0
    assert value["sends too close", "4 tokens of 1/s each"] == 2
