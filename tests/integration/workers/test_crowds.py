"""Which due checks can wait for the pages of their mailbox."""

from dataclasses import replace
from datetime import timedelta

from pec.messages import Message
from pec.names import Queue
from tests.integration.sandbox.serving import Served
from tests.integration.workers import test_scanning as scanning
from workers.crowds import CROWD, YOUNG, entry_of, left_to_pages
from workers.kit import Kit

kit, served = scanning.kit, scanning.served


def crowd(kit: Kit, served: Served, count: int = CROWD) -> Message:
    """So many young messages that await receipts; the last of them."""
    return [scanning.sent(kit, served, f"crowd-{number}", "silenzio") for number in range(count)][-1]


def test_a_young_message_of_a_crowded_mailbox_waits_and_the_mailbox_is_due(kit: Kit, served: Served) -> None:
    message = crowd(kit, served)

    assert left_to_pages(kit, message)
    assert kit.store.client.zscore(kit.store.keys.due(Queue.CHECK), entry_of("acme"))
    again = scanning.check_due(kit, message.id)
    assert again
    assert again > kit.now().timestamp() + kit.settings.receipts.page_interval / 2


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
