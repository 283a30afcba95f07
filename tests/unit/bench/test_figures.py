"""Figures from measurements: shares, gaps, targets."""

import pytest

from bench.figures import Figure, in_digits, percentile, too_close, used, used_by_all


def test_the_share_is_counted_from_send_to_send_so_that_a_window_s_edges_cost_nothing() -> None:
    even = [n * 1.003 for n in range(60)]

    assert used(even, 5, 25, rate=1) == pytest.approx(1 / 1.003)


def test_a_stall_at_the_end_of_a_window_counts() -> None:
    stalled = [*range(10), 20.0, 21.0]

    assert used(stalled, 0, 15, rate=1) == pytest.approx(10 / 20)


def test_a_contender_that_stopped_has_used_nothing_since() -> None:
    assert used([1.0, 2.0], 10, 20, rate=1) == 0


def test_of_many_tokens_one_that_stands_still_counts_in_full() -> None:
    even = [float(n) for n in range(60)]

    assert used_by_all([even, [0.0]], 5, 25, rate=1) == pytest.approx(0.5)


def test_sends_are_too_close_beyond_20_ms() -> None:
    assert too_close([0, 0.981, 1.96], rate=1) == 1


def test_at_a_fast_pace_a_second_may_hold_one_more_than_allowed() -> None:
    even = [n / 50 for n in range(200)]

    assert too_close(even, rate=50) == 0
    assert too_close([*even[:100], *[2.0 + n / 60 for n in range(60)]], rate=50) > 0


@pytest.mark.parametrize(
    ("ours", "target", "met"),
    [
        (0.99, "≥ 0.985", True),
        (0.98, "≥ 0.985", False),
        (29, "≤ 30", True),
        (1, "= 0", False),
        (None, "≤ 1", False),
    ],
)
def test_a_target_is_met_or_not(ours: float | None, target: str, met: bool) -> None:
    assert Figure("f", "u", ours, target=target).met is met


def test_the_ratio_is_to_the_best_peer_whichever_way_is_better() -> None:
    peers = {"slow": 10.0, "fast": 40.0, "silent": None}

    assert Figure("f", "u", 80, peers).ratio == 2
    assert Figure("f", "u", 5, peers, better="less").ratio == 0.5


def test_a_peer_whose_memory_shrank_meanwhile_has_no_ratio() -> None:
    assert Figure("bytes", "bytes", 4000, {"peer": -300.0}, better="less").ratio is None


def test_nearly_all_of_a_whole_has_four_digits() -> None:
    assert [in_digits(value) for value in (0.99483, 0.98, 1, 12.34, 4321.0)] == [
        "0.9948",
        "0.98",
        "1",
        "12.3",
        "4,321",
    ]


def test_a_peer_that_broke_the_rule_is_left_out_of_the_ratio() -> None:
    assert Figure("f", "u", 80, {"cheat": 160.0, "honest": 40.0}, fouls=["cheat"]).ratio == 2


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([3.0], 99) == 3.0
