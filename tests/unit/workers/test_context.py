"""A worker remembers a restore, and which mailboxes are busy."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.context import MAX_MISSED_BEATS, Alike, BusyMailboxes, RestoreWatch

BACKUP = datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_the_earliest_restore_that_is_reported_counts() -> None:
    watch = RestoreWatch()

    watch.update(["2026-11-23T03:00:00Z", "2026-11-23T02:00:00Z"])

    assert watch.since == BACKUP


def test_a_restore_is_remembered_for_ten_minutes_after_the_last_report() -> None:
    watch = RestoreWatch()
    watch.update(["2026-11-23T02:00:00Z"])

    for _ in range(MAX_MISSED_BEATS - 1):
        watch.update([])
    assert watch.since == BACKUP

    watch.update([])
    assert watch.since is None


def test_a_report_in_between_starts_the_ten_minutes_anew() -> None:
    watch = RestoreWatch()
    for _ in range(MAX_MISSED_BEATS - 1):
        watch.update([])
    watch.update(["2026-11-23T02:00:00Z"])

    watch.update([])

    assert watch.since == BACKUP


def test_a_mailbox_is_busy_until_the_time_that_was_said_or_until_it_is_removed() -> None:
    mailboxes = BusyMailboxes()
    assert not mailboxes.is_busy("acme", BACKUP)

    mailboxes.add("acme", BACKUP + timedelta(minutes=2))

    assert mailboxes.is_busy("acme", BACKUP + timedelta(minutes=2))
    assert not mailboxes.is_busy("acme", BACKUP + timedelta(minutes=3))
    mailboxes.remove("acme")
    assert not mailboxes.is_busy("acme", BACKUP)


def test_one_alone_has_every_turn() -> None:
    assert Alike().seconds_to_turn(1_800_000_000.25, 0.75) == pytest.approx(0.5)


def test_workers_alike_have_their_turns_one_after_the_other() -> None:
    now = 1_800_000_000.5  # a cycle of four began half a second ago
    turns = [Alike(4, place).seconds_to_turn(now, 0.75) for place in range(4)]

    assert turns == pytest.approx([2.5, 0.25, 1.0, 1.75])


def test_a_turn_that_is_all_but_there_was_taken_by_what_is_done_now() -> None:
    now = 1_800_000_000.0 - 0.05

    assert Alike(2).seconds_to_turn(now, 0.75) == pytest.approx(1.55)
