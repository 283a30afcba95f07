"""What a message becomes that may have been sent between a backup and the restore."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Receipts, Uncertain
from pec.changes import Lane
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.receipts import Kind, Receipt, reference_in
from pec.transitions import claimed, doubtful, found_sent, lost, not_found, resend_asked

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENT_AT = NOW - timedelta(hours=2)
CODE = "2026112510000001"
QUEUED = Message(
    id="inv-1",
    account="acme",
    recipients=("x@pec.example",),
    subject="Fattura",
    state=State.QUEUED,
    created_at=NOW - timedelta(days=1),
    updated_at=NOW - timedelta(days=1),
    version=1,
)
ACCEPTANCE = Receipt(
    kind=Kind.ACCETTAZIONE,
    subject="Fattura [rif. 7K2QX]",
    code=CODE,
    date=SENT_AT,
    virus=False,
    named=(),
    final=None,
    error=None,
    text="…",
    sender="posta-certificata@pec.example",
)


def test_one_that_was_sent_takes_its_code_and_the_state_that_its_receipts_say() -> None:
    change = found_sent(QUEUED, CODE, "7K2QX", [ACCEPTANCE], NOW, Receipts(), 0.5)

    assert change.before == QUEUED
    assert (change.after.state, change.after.code, change.after.attempts) == (State.ACCEPTED, CODE, 1)
    assert change.after.sent_at == SENT_AT
    assert change.after.sent_subject == "Fattura [rif. 7K2QX]", "later receipts carry it too"
    assert change.due[Queue.RELEASE] is None
    assert change.due[Queue.CHECK] is not None
    assert [event.type for event in change.events] == ["message.accepted"]


def test_one_that_may_have_been_sent_is_held_out_of_its_lane() -> None:
    change = doubtful(QUEUED, NOW, "2 alike were sent")

    assert (change.after.state, change.lane) == (State.HELD, Lane.LEAVE)
    assert change.due == {Queue.RELEASE: None}
    assert change.after.reason
    assert "`pec resend inv-1`" in change.after.reason.description


def test_an_operators_word_outlasts_the_look_until_the_answer_is_known() -> None:
    held = doubtful(QUEUED, NOW, "2 alike were sent").after
    asked = resend_asked(held, NOW).after

    again = not_found(asked, NOW, Uncertain()).after
    assert (again.state, again.resend) == (State.QUEUED, True)

    silent = lost(claimed(again, NOW, "7K2QX", 30).after, NOW, Reason("timeout", "…"), Uncertain()).after
    assert (silent.state, silent.resend) == (State.UNCERTAIN, False), "else it would be sent again by itself"


@pytest.mark.parametrize(
    ("subject", "reference"),
    [
        (f"ACCETTAZIONE: Fattura [rif. 7K2QX] {CODE}", "7K2QX"),
        (f"ACCETTAZIONE: Fattura {CODE}", None),
        (f"ACCETTAZIONE: [rif. AAAAA] Fattura {CODE}", None),
        ("ACCETTAZIONE: Fattura [rif. 7K2QX]", None),
    ],
)
def test_a_reference_stands_right_before_the_code(subject: str, reference: str | None) -> None:
    assert reference_in(subject) == reference


def test_one_found_without_dates_counts_from_now() -> None:
    undated = replace(ACCEPTANCE, date=None)

    assert found_sent(QUEUED, CODE, None, [undated], NOW, Receipts(), 0.5).after.sent_at == NOW
