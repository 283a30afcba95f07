"""A message that may have been sent between a backup and the restore is adopted, or held."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from config.settings import Receipts
from pec.changes import Lane
from pec.names import Queue, State
from pec.subjects import reference_of
from pec.transitions import adopted_after_restore, held_after_restore
from tests.unit.pec.restored import ACCEPTANCE, CODE, NOW, QUEUED, SENT_AT


def test_one_that_was_sent_takes_its_code_and_the_state_that_its_receipts_say() -> None:
    change = adopted_after_restore(QUEUED, CODE, "7K2QX", [ACCEPTANCE], NOW, Receipts(), 0.5)

    assert change.before == QUEUED
    assert (change.after.state, change.after.code, change.after.attempts) == (State.ACCEPTED, CODE, 1)
    assert change.after.sent_at == SENT_AT
    assert change.after.sent_subject == "Fattura [rif. 7K2QX]", "later receipts carry it too"
    assert change.due[Queue.RELEASE] is None
    assert change.due[Queue.CHECK] is not None
    assert [event.type for event in change.events] == ["message.accepted"]


def test_one_that_may_have_been_sent_is_held_out_of_its_lane() -> None:
    change = held_after_restore(QUEUED, NOW, "similar_sent", code="2020082610003492")

    assert (change.after.state, change.lane) == (State.HELD, Lane.LEAVE)
    assert change.due == {Queue.RELEASE: None}
    assert change.after.reason
    assert "`pec resend inv-1`" in change.after.reason.description


def test_the_reference_of_an_attempt_is_known_without_having_seen_it() -> None:
    made = [reference_of("pec", one, lost) for one in ("inv-1", "inv-2") for lost in (0, 1)]

    assert len(set(made)) == len(made)
    assert made[0] == reference_of("pec", "inv-1", 0)
    assert made[0] != reference_of("other", "inv-1", 0), "two sites may share a mailbox"


@given(st.text(min_size=1, max_size=128), st.integers(0, 50))
def test_a_reference_can_be_read_aloud_and_stands_in_any_subject(message_id: str, lost: int) -> None:
    assert re.fullmatch("[2-9A-HJ-NP-Z]{5}", reference_of("pec", message_id, lost))


def test_one_found_without_dates_counts_from_now() -> None:
    undated = replace(ACCEPTANCE, date=None)

    assert adopted_after_restore(QUEUED, CODE, None, [undated], NOW, Receipts(), 0.5).after.sent_at == NOW
