"""Until when the mails of a mailbox may be taken for read, and how much is read again."""

from datetime import UTC, datetime, timedelta

from pec.inbox import PAGE_SIZE, Walk
from pec.receipts import Mail
from workers.tasks.inbox_scan import ANSWERS_WITHIN, OVERLAP, OVERLAP_MAILS, ScanProgress, digest_of

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


def test_what_came_in_the_last_seconds_of_a_scan_is_read_again() -> None:
    again, older = page(NOON), page(NOON - OVERLAP - timedelta(seconds=1))

    assert not read_down_to(again, before=again).complete
    assert read_down_to(older, before=again).complete


def test_of_a_busy_mailbox_no_more_is_read_again_than_a_hundred_mails() -> None:
    again = [mail for number in range(OVERLAP_MAILS // PAGE_SIZE) for mail in page(NOON, f"{number}.")]

    assert read_down_to(again, before=again, horizon=NOON + timedelta(seconds=1)).complete


def test_a_code_that_no_message_had_is_looked_for_again_however_many_mails_came_since() -> None:
    """Its date is the horizon."""
    again = [mail for number in range(OVERLAP_MAILS // PAGE_SIZE) for mail in page(NOON, f"{number}.")]

    assert not read_down_to(again, before=again, horizon=NOON - timedelta(seconds=1)).complete


def test_what_a_scan_took_that_did_not_reach_the_horizon_is_no_overlap_there() -> None:
    newer = [
        mail for number in range(OVERLAP_MAILS // PAGE_SIZE) for mail in page(NOON + MINUTE, f"{number}.")
    ]
    late = page(NOON - timedelta(seconds=1))

    assert not read_down_to([*newer, *late], before=newer).complete


def test_a_page_that_is_shown_several_times_is_overlap_once() -> None:
    again = page(NOON)
    progress = ScanProgress(horizon=NOON + timedelta(seconds=1), before=frozenset(map(digest_of, again)))
    for _ in range(2 * OVERLAP_MAILS // PAGE_SIZE):
        progress.note({digest_of(mail): mail for mail in again}, NOON + MINUTE)

    assert not progress.overlaps([Mail("", "", NOON, "", None)])


def test_mails_that_the_last_scan_did_not_take_are_no_overlap() -> None:
    new = [mail for number in range(OVERLAP_MAILS // PAGE_SIZE) for mail in page(NOON, f"{number}.")]

    assert not read_down_to(new, before=[], horizon=NOON + timedelta(seconds=1)).complete


def test_a_mail_that_this_scan_took_is_not_looked_at_again() -> None:
    """Mails that come push it to the next page."""
    mail = Mail("posta-certificata@pec.aruba.it", "", NOON, "CONSEGNA: Avviso 2026112512000010", None)
    shown, progress = {digest_of(mail): mail}, ScanProgress()
    assert list(progress.note(shown, NOON)) == ["2026112512000010"]

    progress.taken |= dict.fromkeys(shown)

    assert not progress.note(shown, NOON)


def page(at: datetime, name: str = "") -> list[Mail]:
    return [Mail("", "", at, f"{name}{number}", None) for number in range(PAGE_SIZE)]


def read_down_to(mails: list[Mail], before: list[Mail], horizon: datetime = NOON) -> ScanProgress:
    progress = ScanProgress(horizon=horizon, before=frozenset(map(digest_of, before)))
    progress.note({digest_of(mail): mail for mail in mails}, NOON + MINUTE)
    progress.arrive(Walk.after_first(mails[-PAGE_SIZE:], 0, 1_000, None), mails[-PAGE_SIZE:])
    return progress
