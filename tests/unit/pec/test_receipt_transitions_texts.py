"""Texts that receipts of an ended message lack: asked for at once, then some times, then not for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.settings import Receipts
from pec.changes import Change
from pec.messages import Message
from pec.names import Queue, State
from pec.receipt_transitions import TEXT_CHECKS, receipts_observed
from pec.receipts import Kind, Receipt
from tests.unit.pec.restored import ACCEPTANCE, CODE, NOW, QUEUED

WAITS = Receipts(backoff_seconds=[10])
SENT = replace(QUEUED, state=State.SENT, code=CODE, sent_at=NOW)
CONSEGNA = replace(ACCEPTANCE, kind=Kind.CONSEGNA)
WITHOUT_TEXT = replace(CONSEGNA, text=None)
SCANNED_UNTIL = NOW + timedelta(minutes=15)


def seen(message: Message, receipt: Receipt, *, from_page: bool = False) -> Change:
    """Return the change of a look that shows ACCETTAZIONE with its text, and this receipt."""
    kept = {one.key: one for one in (ACCEPTANCE, receipt)} if message.ended else {}
    until = SCANNED_UNTIL if from_page else None
    return receipts_observed(message, kept, [ACCEPTANCE, receipt], (), NOW, WAITS, 0.5, until)


def test_a_page_that_delivers_is_followed_by_a_look_for_the_texts_at_once() -> None:
    change = seen(SENT, WITHOUT_TEXT, from_page=True)

    assert change.after.state is State.DELIVERED
    assert change.due[Queue.CHECK] == NOW


def test_what_a_page_shows_of_an_open_message_is_followed_by_a_check_once_pages_are_not_trusted() -> None:
    on_page = seen(SENT, ACCEPTANCE, from_page=True)
    assert (on_page.after.state, on_page.due[Queue.CHECK]) == (State.ACCEPTED, SCANNED_UNTIL)

    too_late = receipts_observed(SENT, {}, [ACCEPTANCE], (), NOW, WAITS, 0.5, NOW)
    assert too_late.due[Queue.CHECK] == NOW + timedelta(seconds=10)


def test_a_look_that_brings_none_is_made_again_some_times_and_not_for_ever() -> None:
    change = seen(SENT, WITHOUT_TEXT)
    for _ in range(TEXT_CHECKS):
        assert change.due[Queue.CHECK] == NOW + timedelta(seconds=10)
        change = seen(change.after, WITHOUT_TEXT)

    assert change.due[Queue.CHECK] is None


@pytest.mark.parametrize("from_page", [True, False])
def test_where_all_texts_are_there_nothing_more_is_asked(from_page: bool) -> None:
    assert seen(SENT, CONSEGNA, from_page=from_page).due[Queue.CHECK] is None


def test_an_end_that_is_not_for_good_is_still_looked_at_daily() -> None:
    change = seen(SENT, replace(WITHOUT_TEXT, kind=Kind.MANCATA_CONSEGNA))
    for _ in range(TEXT_CHECKS):
        change = seen(change.after, replace(WITHOUT_TEXT, kind=Kind.MANCATA_CONSEGNA))

    assert change.after.state is State.UNDELIVERED
    assert change.due[Queue.CHECK] == NOW + timedelta(days=1)
