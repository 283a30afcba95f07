"""The timeline of a message: states when we learned of them, receipts at their own dates."""

from dataclasses import replace
from datetime import timedelta

from pec.names import State
from pec.receipts import Kind
from pec.timeline import Happened, timeline
from tests.unit.cli.builders import NOW, message
from tests.unit.pec.sent_receipts import receipt

SECOND = timedelta(seconds=1)


def states(happened: list[Happened]) -> list[tuple[object, object]]:
    return [(one.what, one.at) for one in happened]


def test_receipts_stand_among_the_states_at_their_own_dates() -> None:
    accepted = replace(receipt(Kind.ACCETTAZIONE), date=NOW + 3 * SECOND)
    undated = replace(receipt(Kind.CONSEGNA), date=None)
    known = message(State.ACCEPTED, history="Q0S1000T1000A60000")

    assert states(timeline(known, [undated, accepted])) == [
        (State.QUEUED, NOW),
        (State.SENDING, NOW + SECOND),
        (State.SENT, NOW + 2 * SECOND),
        (accepted, NOW + 3 * SECOND),
        (State.ACCEPTED, NOW + 62 * SECOND),
        (undated, None),
    ]


def test_a_receipt_of_the_second_of_the_send_stands_between_the_send_and_its_state() -> None:
    accepted, delivered = (
        replace(receipt(kind), date=NOW + SECOND) for kind in (Kind.ACCETTAZIONE, Kind.CONSEGNA)
    )
    fast = message(State.DELIVERED, history="Q0S1300T200D400")

    assert [one.what for one in timeline(fast, [delivered, accepted])] == [
        State.QUEUED,
        State.SENDING,
        State.SENT,
        accepted,
        delivered,
        State.DELIVERED,
    ]


def test_a_record_of_an_older_version_shows_the_times_it_has() -> None:
    old = message(
        State.DELIVERED,
        code="c",
        claimed_at=NOW + SECOND,
        sent_at=NOW + 2 * SECOND,
        ended_at=NOW + 90 * SECOND,
        updated_at=NOW + 400 * SECOND,
    )

    assert states(timeline(old, ())) == [
        (State.QUEUED, NOW),
        (State.SENDING, NOW + SECOND),
        (State.SENT, NOW + 2 * SECOND),
        (State.DELIVERED, NOW + 90 * SECOND),
    ]


def test_a_record_that_this_version_took_over_shows_both_parts() -> None:
    taken_over = message(
        State.ACCEPTED, code="c", claimed_at=NOW + SECOND, sent_at=NOW + 2 * SECOND, history="A60000"
    )

    assert states(timeline(taken_over, ())) == [
        (State.QUEUED, NOW),
        (State.SENDING, NOW + SECOND),
        (State.SENT, NOW + 2 * SECOND),
        (State.ACCEPTED, NOW + 60 * SECOND),
    ]


def test_a_state_that_an_older_worker_wrote_is_shown_when_the_record_last_changed() -> None:
    mixed = message(State.ACCEPTED, history="Q0S1000T1000", updated_at=NOW + 70 * SECOND)

    assert states(timeline(mixed, ()))[-1] == (State.ACCEPTED, NOW + 70 * SECOND)


def test_a_followed_pec_begins_as_sent() -> None:
    followed = message(State.SENT, code="c", sent_at=NOW)

    assert states(timeline(followed, ())) == [(State.SENT, NOW)]


def test_a_record_without_any_time_but_its_own_shows_its_state() -> None:
    assert states(timeline(message(State.HELD, updated_at=NOW + SECOND), ())) == [
        (State.QUEUED, NOW),
        (State.HELD, NOW + SECOND),
    ]
