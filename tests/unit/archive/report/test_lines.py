"""The lines of a report for each recipient, and the missing receipts."""

from datetime import timedelta

import pytest

from archive.case_files import CaseFile
from archive.report.lines import Line, lines_of
from pec.messages import Reason
from pec.names import State
from pec.receipts import Kind, Named, Receipt
from pec.states import reason_of
from tests.unit.cli.builders import message
from tests.unit.pec.sent_receipts import SENT_AT, receipt

MINUTE = timedelta(minutes=1)
ACCEPTED, DELIVERED = receipt(Kind.ACCETTAZIONE), receipt(Kind.CONSEGNA, MINUTE)
FAILED = receipt(Kind.MANCATA_CONSEGNA, MINUTE, error="5.2.2")


def line(state: State, *receipts: Receipt) -> Line:
    [found] = lines_of(CaseFile(message(state, code="c", reason=reason_of(state, receipts)), receipts))
    return found


@pytest.mark.parametrize(
    ("state", "receipts", "missing"),
    [
        (State.QUEUED, (), "not sent yet"),
        (State.HELD, (), "it is not certain whether it was sent"),
        (State.SENT, (), "ACCETTAZIONE and CONSEGNA are missing"),
        (State.ACCEPTED, (ACCEPTED,), "CONSEGNA is missing"),
        (State.DELIVERED, (ACCEPTED, DELIVERED), ""),
        (State.DELIVERED, (DELIVERED,), "ACCETTAZIONE is missing"),
        (
            State.DELIVERED,
            (ACCEPTED, receipt(Kind.CONSEGNA, text=None)),
            "the text of a receipt is missing",
        ),
        (State.UNDELIVERED, (ACCEPTED, FAILED), ""),
        (State.UNDELIVERED, (FAILED,), "ACCETTAZIONE is missing"),
        (State.EXPIRED, (ACCEPTED,), "CONSEGNA is missing"),
        (State.EXPIRED, (), "ACCETTAZIONE and CONSEGNA are missing"),
        (State.CANCELLED, (), ""),
    ],
)
def test_what_is_missing_is_said_of_each_state(
    state: State, receipts: tuple[Receipt, ...], missing: str
) -> None:
    assert line(state, *receipts).missing == missing


def test_what_was_not_sent_in_time_lacks_no_receipt() -> None:
    [unsent] = lines_of(CaseFile(message(State.EXPIRED), ()))
    assert unsent.missing == ""


def test_commands_for_an_operator_are_not_printed() -> None:
    reason = Reason("not_found", "3 searches did not find it: `pec resend m`")
    [held] = lines_of(CaseFile(message(State.HELD, reason=reason), ()))
    assert (held.reason, held.missing) == ("", "it is not certain whether it was sent")


def test_every_state_has_a_line() -> None:
    for state in set(State) - {State.REFUSED, State.UNDELIVERED}:
        assert line(state).state is state


def test_the_times_are_the_receipts_own() -> None:
    delivered = line(State.DELIVERED, ACCEPTED, DELIVERED)
    assert (delivered.accepted_at, delivered.delivered_at) == (SENT_AT, SENT_AT + MINUTE)
    assert delivered.failed_at is None

    failed = line(State.UNDELIVERED, ACCEPTED, FAILED)
    assert (failed.delivered_at, failed.failed_at, failed.error) == (None, SENT_AT + MINUTE, "5.2.2")


def test_a_warning_is_not_the_time_of_the_failure() -> None:
    warning = receipt(Kind.PREAVVISO, 12 * 60 * MINUTE, final=False)
    final = receipt(Kind.PREAVVISO, 24 * 60 * MINUTE, final=True)

    assert line(State.UNDELIVERED, ACCEPTED, warning, final).failed_at == SENT_AT + 24 * 60 * MINUTE


def test_one_pec_to_several_has_a_line_for_each_recipient() -> None:
    first, second = "mario@pec.example", "anna@pec.example"
    of_second = receipt(Kind.MANCATA_CONSEGNA, MINUTE, error="5.1.1", named=(Named(second, True),))
    both = message(
        State.UNDELIVERED,
        recipients=(first, second),
        outcomes={first: "delivered", second: "undelivered"},
    )
    found = list(lines_of(CaseFile(both, (ACCEPTED, DELIVERED, of_second))))

    assert [(one.recipient, one.state, one.error) for one in found] == [
        (first, State.DELIVERED, ""),
        (second, State.UNDELIVERED, "5.1.1"),
    ]
