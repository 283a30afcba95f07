"""Until when the mails of a mailbox may be taken for read."""

from datetime import UTC, datetime, timedelta

from workers.scanning import ANSWERS_WITHIN, Reading

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_all_that_was_shown_is_read() -> None:
    assert Reading(dates=[NOON, NOON + MINUTE, NOON - MINUTE]).through == NOON + MINUTE


def test_a_mailbox_that_showed_nothing_says_nothing() -> None:
    assert Reading().through is None


def test_a_young_code_of_nobody_can_be_one_that_a_post_has_still_to_tell() -> None:
    young, old = NOON - MINUTE, NOON - ANSWERS_WITHIN - MINUTE

    assert Reading(dates=[NOON, young], strangers=[young]).through == young
    assert Reading(dates=[NOON, old], strangers=[old]).through == NOON, (
        "somebody else sent it from this mailbox"
    )
