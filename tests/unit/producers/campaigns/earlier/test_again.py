"""Which messages may be sent again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pec.messages import Message, Reason
from pec.names import State
from producers.campaigns.earlier.again import Rule

NOW = datetime(2026, 11, 29, tzinfo=UTC)
RULE = Rule(frozenset(), NOW, timedelta(days=7))
ONE = Message(
    id="b-1",
    account="acme",
    recipients=("rossi@pec.example",),
    subject="Avviso",
    state=State.CANCELLED,
    created_at=NOW - timedelta(days=9),
    updated_at=NOW,
)
REACHED_NO_RECIPIENT = [State.CANCELLED, State.REFUSED, State.UNDELIVERED, State.FAILED, State.UNCERTIFIED]


@pytest.mark.parametrize("state", State)
def test_only_what_certainly_reached_no_recipient_is_over(state: State) -> None:
    sent = replace(ONE, state=state, sent_at=NOW, ended_at=NOW)

    assert RULE.over(sent) == (state if state in REACHED_NO_RECIPIENT else None)


@pytest.mark.parametrize("state", State)
def test_what_may_have_been_sent_twice_is_never_sent_again(state: State) -> None:
    assert RULE.over(replace(ONE, state=state, lost_references=("ab12",))) is None
    assert RULE.over(replace(ONE, state=state, duplicate="20261129000000123")) is None


@pytest.mark.parametrize(
    ("sent_days", "ended_days", "over"), [(None, 0, True), (9, 8, True), (7, 6, False), (9, 7, False)]
)
def test_what_expired_is_over_once_no_late_receipt_can_come(
    sent_days: int | None, ended_days: int, *, over: bool
) -> None:
    sent_at = None if sent_days is None else NOW - timedelta(days=sent_days)
    expired = replace(ONE, state=State.EXPIRED, sent_at=sent_at, ended_at=NOW - timedelta(days=ended_days))

    assert (RULE.over(expired) is State.EXPIRED) == over


@pytest.mark.parametrize("state", REACHED_NO_RECIPIENT)
def test_what_ended_after_a_person_asked_was_not_meant(state: State) -> None:
    asked = replace(RULE, before=NOW)
    second = timedelta(seconds=1)

    assert asked.over(replace(ONE, state=state, ended_at=NOW - second)) is state
    assert asked.over(replace(ONE, state=state, ended_at=NOW + second)) is None


def test_what_an_operator_gave_up_may_have_been_sent() -> None:
    assert RULE.over(replace(ONE, state=State.FAILED, reason=Reason("discarded", "given up"))) is None
    assert RULE.over(replace(ONE, state=State.FAILED, reason=Reason("invalid", "refused"))) is State.FAILED
