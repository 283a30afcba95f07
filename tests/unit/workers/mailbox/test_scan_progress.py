"""Until when the mails of a mailbox may be taken for read, and how much is read again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pec.inbox import PAGE_SIZE, Walk
from pec.receipts import Mail
from workers.mailbox.scan_progress import (
    ANSWERS_WITHIN,
    GOES_ON_SECONDS,
    OVERLAP,
    OVERLAP_MAILS,
    Cut,
    ScanProgress,
    digest_of,
)

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


def test_what_was_read_before_moves_nothing() -> None:
    assert ScanProgress(horizon=NOON, dates=[NOON - MINUTE]).watermark is None


def test_newer_mails_that_came_to_the_second_page_are_not_taken_for_read() -> None:
    progress = ScanProgress(dates=[NOON])
    progress._begin(Walk.after_first(page(NOON), 0, 1_000, None))
    progress.dates.append(NOON + MINUTE)

    assert progress.watermark == NOON


def test_while_a_scan_is_continued_an_unclaimed_code_lowers_its_watermark_by_two_minutes_at_most() -> None:
    first = ScanProgress(dates=[NOON], unclaimed=[NOON - MINUTE])
    cut = cut_of(first)
    assert cut.watermark == NOON - MINUTE

    further = ScanProgress(cut=cut, dates=[NOON], unclaimed=[NOON - MINUTE * 2.5])

    assert further.watermark == NOON - MINUTE
    assert ScanProgress(cut=cut, unclaimed=[NOON - MINUTE * 1.5]).watermark == NOON - MINUTE * 1.5


def test_a_cut_that_is_read_again_is_the_same_until_the_horizon_has_passed_it() -> None:
    cut = cut_of(ScanProgress(dates=[NOON], unclaimed=[NOON - MINUTE]))
    fields = dict(pairwise_of(cut.fields()))
    stored = [fields[name] for name in ("newest", "unread", "floor", "order")]

    assert Cut.read(*stored, horizon=NOON) == cut
    assert Cut.read(*stored, horizon=NOON + MINUTE) is None, "nothing below it matters any more"
    assert Cut.read("", "", "", "", horizon=NOON) is None
    assert Cut.read(fields["newest"], "7", "", "", horizon=NOON) is None, "an older version's"


def test_a_scan_in_another_order_or_without_a_count_does_not_go_on_at_the_cut() -> None:
    cut = cut_of(ScanProgress(dates=[NOON]))
    newest_first = page(NOON)
    oldest_first = [replace(mail, date=NOON + MINUTE * at) for at, mail in enumerate(newest_first)]

    assert ScanProgress(cut=cut)._begin(Walk.after_first(newest_first, 0, 1_000, None))
    assert not ScanProgress(cut=cut)._begin(Walk.after_first(oldest_first, 0, 1_000, None))
    assert not ScanProgress(cut=cut)._begin(Walk.after_first(newest_first, 0, None, None))


def test_an_api_that_shows_nothing_at_all_leaves_the_cut_where_it_is() -> None:
    away = ScanProgress(cut=cut_of(ScanProgress(dates=[NOON])))
    shows_the_first_page = ScanProgress(cut=away.cut, shown={"a mail"})

    assert away.fields() == ["taken", ""]
    assert "newest" in shows_the_first_page.fields(), "not the page to go on at: the next scan begins anew"


def test_after_a_scan_that_was_continued_the_next_one_comes_soon_for_what_is_newer() -> None:
    done = ScanProgress(cut=cut_of(ScanProgress(dates=[NOON])), complete=True, interrupted=False)

    assert done.wait_seconds(60) == GOES_ON_SECONDS
    assert ScanProgress(complete=True, interrupted=False).wait_seconds(60) > 60


def cut_of(progress: ScanProgress) -> Cut:
    assert progress.watermark
    assert progress.floor
    return Cut(300, False, progress.watermark, progress.floor)


def pairwise_of(fields: list[str]) -> list[tuple[str, str]]:
    return list(zip(fields[::2], fields[1::2], strict=True))


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
