"""Figures from the sends that the API saw."""

from bench.pace import Measured, _figures


def test_what_a_peer_got_by_sends_too_close_is_left_out_of_both_ratios() -> None:
    measured = {
        "ours": Measured([0.9], close=0, commands_a_send=20),
        "ours, no margin": Measured([0.99], close=0, commands_a_send=20),
        "cheat": Measured([2.0], close=40, commands_a_send=20),
        "honest": Measured([0.5], close=0, commands_a_send=20),
    }

    shares = [figure for figure in _figures(5, measured) if figure.unit == "share"]

    assert [figure.ratio for figure in shares] == [1.8, 1.98]
