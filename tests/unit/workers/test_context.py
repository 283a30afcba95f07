"""A worker remembers a restore, and which mailboxes are busy."""

from datetime import UTC, datetime, timedelta

from workers.context import MAX_MISSED_BEATS, BusyMailboxes, RestoreWatch

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
