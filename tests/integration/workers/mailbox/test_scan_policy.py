"""Which due checks can wait for the pages of their mailbox."""

from dataclasses import replace
from datetime import datetime, timedelta

from pec.changes import changed
from pec.instants import JITTER, from_epoch
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import check_due, scan_due, sent
from workers.context import WorkerContext
from workers.mailbox.scan_policy import (
    MIN_FOR_SCAN,
    MIN_TO_GO_ON,
    SCAN_WINDOW,
    defer_to_scan,
    finish_scan,
    first_check,
)

LAST_BUT_ONE = f"busy-{MIN_FOR_SCAN - 2}"


def busy_mailbox(ctx: WorkerContext, served: Served, count: int = MIN_FOR_SCAN) -> Message:
    """Return the last of so many recent messages that await receipts."""
    return [sent(ctx, served, f"busy-{number}", "silenzio") for number in range(count)][-1]


def is_soon(ctx: WorkerContext, at: datetime) -> bool:
    return at <= ctx.now() + timedelta(seconds=ctx.settings.receipts.backoff_seconds[0] * (1 + JITTER))


def test_a_recent_message_of_a_busy_mailbox_waits_and_the_mailbox_is_due(
    ctx: WorkerContext, served: Served
) -> None:
    message = busy_mailbox(ctx, served)

    assert defer_to_scan(ctx, message)
    assert scan_due(ctx)
    assert message.sent_at
    assert check_due(ctx, message.id) == (message.sent_at + SCAN_WINDOW).timestamp()


def test_where_the_token_may_not_read_pages_every_message_is_checked(
    ctx: WorkerContext, served: Served
) -> None:
    message = busy_mailbox(ctx, served)
    defer_to_scan(ctx, message)

    finish_scan(ctx, "acme", 15, forbidden=True)

    due = check_due(ctx, message.id)
    assert due
    assert due <= ctx.now().timestamp() + ctx.settings.receipts.backoff_seconds[0] * (1 + JITTER)
    assert scan_due(ctx) is None
    assert not defer_to_scan(ctx, message)
    assert first_check(ctx, "acme").commands == ()


def test_one_of_few_is_checked(ctx: WorkerContext, served: Served) -> None:
    assert not defer_to_scan(ctx, busy_mailbox(ctx, served, MIN_FOR_SCAN - 1))


def test_one_whose_window_is_over_is_checked(ctx: WorkerContext, served: Served) -> None:
    """Receipts that pages have not shown by then are no proof."""
    old = replace(busy_mailbox(ctx, served), sent_at=ctx.now() - SCAN_WINDOW - timedelta(seconds=1))

    assert not defer_to_scan(ctx, old)


def test_the_last_look_before_a_message_expires_is_its_own(ctx: WorkerContext, served: Served) -> None:
    message = busy_mailbox(ctx, served)
    receipts = ctx.settings.receipts.model_copy(update={"deadline_seconds": 1.0})
    hasty = replace(ctx, settings=ctx.settings.model_copy(update={"receipts": receipts}))

    assert not defer_to_scan(hasty, replace(message, sent_at=ctx.now() - timedelta(seconds=2)))


def test_what_is_sent_into_a_mailbox_known_as_busy_waits_for_pages_which_are_read(
    ctx: WorkerContext, served: Served
) -> None:
    assert is_soon(ctx, first_check(ctx, "acme").at)
    message = busy_mailbox(ctx, served)
    defer_to_scan(ctx, message)
    ctx.store.clear_due(Queue.INBOX_SCAN, "acme")  # as if the mailbox had not been busy in between

    sent_at, check = ctx.now(), first_check(ctx, "acme")
    commit(ctx.store, changed(message, sent_at, {}), *check.commands)

    assert sent_at + SCAN_WINDOW <= check.at <= ctx.now() + SCAN_WINDOW
    scan = scan_due(ctx)
    assert scan
    assert is_soon(ctx, from_epoch(scan))


def test_pages_are_read_while_they_save_the_checks_of_several(ctx: WorkerContext, served: Served) -> None:
    message = busy_mailbox(ctx, served)
    defer_to_scan(ctx, message)
    deferred = check_due(ctx, message.id)
    _deliver_all_but(ctx, MIN_TO_GO_ON)

    finish_scan(ctx, "acme", 15)

    scan = scan_due(ctx)
    assert scan
    assert scan > ctx.now().timestamp() + 10
    assert check_due(ctx, message.id) == deferred


def test_when_the_mailbox_is_no_longer_busy_those_that_wait_are_checked_soon(
    ctx: WorkerContext, served: Served
) -> None:
    message = busy_mailbox(ctx, served)
    defer_to_scan(ctx, message)
    looked_at = float(int(ctx.now().timestamp()))
    ctx.store.set_due(Queue.CHECK, LAST_BUT_ONE, looked_at)
    _deliver_all_but(ctx, MIN_TO_GO_ON - 1)

    finish_scan(ctx, "acme", 15)

    assert scan_due(ctx) is None
    due = check_due(ctx, message.id)
    assert due
    assert due <= ctx.now().timestamp() + ctx.settings.receipts.backoff_seconds[0] * (1 + JITTER)
    assert check_due(ctx, LAST_BUT_ONE) == looked_at, "nothing is put off"
    assert check_due(ctx, "busy-0") is None
    assert first_check(ctx, "acme").commands == ()


def _read(ctx: WorkerContext, message_id: str) -> Message:
    found = records.read(ctx.store, message_id)
    assert found
    return found


def _deliver_all_but(ctx: WorkerContext, left: int) -> None:
    """The lowest numbers end."""
    for number in range(MIN_FOR_SCAN - left):
        delivered = changed(
            _read(ctx, f"busy-{number}"), ctx.now(), {"state": State.DELIVERED}, due={Queue.CHECK: None}
        )
        commit(ctx.store, delivered)
