"""Until when the mails of a mailbox may be taken for read."""

from datetime import UTC, datetime, timedelta

from workers.tasks.inbox_scan import ANSWERS_WITHIN, ScanProgress

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_all_that_was_shown_is_read() -> None:
    assert ScanProgress(dates=[NOON, NOON + MINUTE, NOON - MINUTE]).watermark == NOON + MINUTE


def test_a_mailbox_that_showed_nothing_says_nothing() -> None:
    assert ScanProgress().watermark is None


def test_a_recent_unclaimed_code_may_be_one_that_a_post_has_still_to_report() -> None:
    recent, old = NOON - MINUTE, NOON - ANSWERS_WITHIN - MINUTE

    assert ScanProgress(dates=[NOON, recent], unclaimed=[recent]).watermark == recent
    assert ScanProgress(dates=[NOON, old], unclaimed=[old]).watermark == NOON, (
        "somebody else sent it from this mailbox"
    )
