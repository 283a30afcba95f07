"""Failovers by Sentinels, in mid-campaign: nothing is lost, nothing is sent twice, and sends go on without a person."""

from pathlib import Path

import pytest

from tests.failover.trial import Event, kill, planned, run


@pytest.mark.parametrize("event", [kill, planned])
def test_a_failover_loses_nothing_and_sends_nothing_twice(tmp_path: Path, event: Event) -> None:
    outcome = run(tmp_path, event, jobs=40, after=10, down_after_ms=1000)

    assert outcome.is_harmless, outcome
    assert outcome.longest_seconds < 30  # as long as the least machine needs; usually 4 to 9
