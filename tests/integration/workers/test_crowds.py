"""Which due checks can wait for the pages of their mailbox."""

from dataclasses import replace
from datetime import timedelta

from pec.backoff import JITTER
from pec.changes import changed
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from tests.integration.sandbox.serving import Served
from tests.integration.workers import test_scanning as scanning
from workers.checking import check
from workers.crowds import CROWD, YOUNG, end_reading, left_to_pages, reading_of, until_pages_tell
from workers.kit import Kit

kit, served = scanning.kit, scanning.served


def crowd(kit: Kit, served: Served, count: int = CROWD) -> Message:
    """So many young messages that await receipts; the last of them."""
    return [scanning.sent(kit, served, f"crowd-{number}", "silenzio") for number in range(count)][-1]


def test_a_young_message_of_a_crowded_mailbox_waits_and_the_mailbox_is_due(kit: Kit, served: Served) -> None:
    message = crowd(kit, served)

    assert left_to_pages(kit, message)
    assert scanning.scan_due(kit)
    assert message.sent_at
    assert scanning.check_due(kit, message.id) == (message.sent_at + YOUNG).timestamp()


def test_where_the_token_may_not_read_pages_every_message_is_asked_for_by_itself(
    kit: Kit, served: Served
) -> None:
    message = crowd(kit, served)
    left_to_pages(kit, message)

    end_reading(kit, "acme", 15, forbidden=True)

    due = scanning.check_due(kit, message.id)
    assert due
    assert due <= kit.now().timestamp() + kit.settings.receipts.backoff[0] * (1 + JITTER)
    assert scanning.scan_due(kit) is None
    assert not left_to_pages(kit, message)
    assert reading_of(kit, "acme") == []


def test_one_of_few_is_asked_for_by_itself(kit: Kit, served: Served) -> None:
    assert not left_to_pages(kit, crowd(kit, served, CROWD - 1))


def test_one_that_is_no_longer_young_is_asked_for_by_itself(kit: Kit, served: Served) -> None:
    """What pages have not shown by then proves nothing."""
    old = replace(crowd(kit, served), sent_at=kit.now() - YOUNG - timedelta(seconds=1))

    assert not left_to_pages(kit, old)


def test_the_last_look_before_a_message_expires_is_its_own(kit: Kit, served: Served) -> None:
    message = crowd(kit, served)
    receipts = kit.settings.receipts.model_copy(update={"deadline": 1.0})
    hasty = replace(kit, settings=kit.settings.model_copy(update={"receipts": receipts}))

    assert not left_to_pages(hasty, replace(message, sent_at=kit.now() - timedelta(seconds=2)))


def test_what_is_sent_into_a_mailbox_known_as_crowded_is_left_to_pages_which_are_read(
    kit: Kit, served: Served
) -> None:
    assert reading_of(kit, "acme") == []
    message = crowd(kit, served)
    left_to_pages(kit, message)
    kit.store.clear_due(Queue.INBOX_SCAN, "acme")  # as if the crowd had been over in between

    change = until_pages_tell(kit, changed(message, kit.now(), {}))
    commit(kit.store, change, *reading_of(kit, "acme"))

    assert scanning.check_due(kit, message.id) == (change.after.sent_at or kit.now()).timestamp() + 900
    reading = scanning.scan_due(kit)
    assert reading
    assert reading <= kit.now().timestamp() + kit.settings.receipts.backoff[0] * (1 + JITTER)


def test_when_the_crowd_is_over_those_left_are_asked_for_one_by_one_soon(kit: Kit, served: Served) -> None:
    message = crowd(kit, served)
    left_to_pages(kit, message)
    looked_at = float(int(kit.now().timestamp()))
    kit.store.set_due(Queue.CHECK, "crowd-1", looked_at)
    delivered = {"state": State.DELIVERED}
    commit(kit.store, changed(_read(kit, "crowd-0"), kit.now(), delivered, due={Queue.CHECK: None}))

    end_reading(kit, "acme", 15)

    assert scanning.scan_due(kit) is None
    due = scanning.check_due(kit, message.id)
    assert due
    assert due <= kit.now().timestamp() + kit.settings.receipts.backoff[0] * (1 + JITTER)
    assert scanning.check_due(kit, "crowd-1") == looked_at, "nothing is put off"
    assert scanning.check_due(kit, "crowd-0") is None
    assert reading_of(kit, "acme") == []


def _read(kit: Kit, message_id: str) -> Message:
    found = records.read(kit.store, message_id)
    assert found
    return found


def test_a_mailbox_that_an_older_version_put_among_the_checks_is_read(kit: Kit, served: Served) -> None:
    kit.store.set_due(Queue.CHECK, "@acme", kit.now().timestamp())

    check(kit, "@acme")

    assert scanning.scan_due(kit)
    assert scanning.check_due(kit, "@acme") is None
