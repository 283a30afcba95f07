"""Figures of a process wait in memory, by minute, until a heartbeat takes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pec.changes import Change
from pec.messages import Message
from pec.names import State
from workers.metrics import minutes
from workers.metrics.minutes import MinuteCounts, count_receipts

SENT_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 6000.0

    def __call__(self) -> float:
        return self.at


def test_counts_are_kept_by_minute_and_taken_once() -> None:
    clock = Clock()
    counts = MinuteCounts(clock)
    for at in (6000.0, 6059.9, 6060.0):
        clock.at = at
        counts.add("s1")

    assert counts.has_any
    assert counts.take() == {6000: {"s1": 2}, 6060: {"s1": 1}}
    assert not counts.has_any
    assert counts.take() == {}


def test_what_redis_did_not_take_counts_again() -> None:
    counts = MinuteCounts(Clock())
    counts.add("s1")
    taken = counts.take()
    counts.add("s1")
    counts.give_back(taken)

    assert counts.take() == {6000: {"s1": 2}}


def test_a_long_outage_fills_no_memory() -> None:
    counts = MinuteCounts(Clock())
    counts.give_back({60 * number: {"s1": 1} for number in range(3000)})

    assert len(counts.take()) == 1440


def test_receipts_are_counted_by_how_long_they_took_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = MinuteCounts(Clock())
    monkeypatch.setattr(minutes, "MINUTES", counts)
    sent = Message(
        id="a", account="acme", recipients=("x@pec.example",), subject="s", state=State.SENT,
        created_at=SENT_AT, updated_at=SENT_AT, sent_at=SENT_AT,
    )  # fmt: skip
    accepted = replace(sent, state=State.ACCEPTED, accepted_at=SENT_AT - timedelta(seconds=1))
    delivered = replace(accepted, state=State.DELIVERED, delivered_at=SENT_AT + timedelta(seconds=4))
    count_receipts(Change(sent, accepted))
    count_receipts(Change(accepted, delivered))

    assert counts.take() == {6000: {"a0": 1, "d3": 1}}
