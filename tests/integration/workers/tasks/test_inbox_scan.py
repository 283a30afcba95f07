"""Pages of a real mailbox: what is taken from them, and what is left to single calls."""

from typing import Any

import pytest
import requests

from pec.changes import changed
from pec.names import State
from pec.receipts import Kind
from pec.store import records
from pec.store.commits import commit
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import ACCOUNT, check_due, scan_busy_mailbox, scan_due, sent, state
from workers.context import WorkerContext
from workers.mailbox.scan_policy import MIN_FOR_SCAN, SCAN_WINDOW
from workers.tasks.inbox_scan import scan


def test_a_page_delivers_all_that_it_shows_and_their_texts_are_asked_for(
    ctx: WorkerContext, served: Served
) -> None:
    messages = [sent(ctx, served, f"page-{number}") for number in range(12)]

    scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in messages} == {State.DELIVERED}
    assert all(receipt.text is None for receipt in records.receipts_of(ctx.store, "page-0").values())
    assert all((check_due(ctx, one.id) or 0) <= ctx.now().timestamp() for one in messages)
    assert ctx.became_due.is_set(), "the scheduler looks before the last page was read"


def test_what_a_page_cannot_decide_without_a_text_is_asked_for_at_once(
    ctx: WorkerContext, served: Served
) -> None:
    sent(ctx, served, "failed-1", "mancata-consegna")
    sent(ctx, served, "both-1", "", "consegna+a@pec.example", "mancata-consegna+b@pec.example")

    scan(ctx, ACCOUNT)

    failed = records.read(ctx.store, "failed-1")
    assert failed
    assert failed.state is State.UNDELIVERED
    assert failed.reason
    assert failed.reason.details["error"] == "5.1.1", "only the text says so"
    both = records.read(ctx.store, "both-1")
    assert both
    assert dict(both.outcomes) == {
        "consegna+a@pec.example": "delivered",
        "mancata-consegna+b@pec.example": "undelivered",
    }


def test_a_late_delivery_overrides_an_end_that_is_not_for_good(ctx: WorkerContext, served: Served) -> None:
    message = sent(ctx, served, "late-1")
    commit(ctx.store, changed(message, ctx.now(), {"state": State.EXPIRED}))

    scan(ctx, ACCOUNT)

    assert state(ctx, "late-1") is State.DELIVERED


def test_an_acceptance_that_a_page_shows_after_the_end_is_kept_and_its_text_asked_for(
    ctx: WorkerContext, served: Served
) -> None:
    message = sent(ctx, served, "acceptance-late-1")
    commit(ctx.store, changed(message, ctx.now(), {"state": State.DELIVERED}))

    scan(ctx, ACCOUNT)

    kinds = {receipt.kind for receipt in records.receipts_of(ctx.store, message.id).values()}
    assert kinds == {Kind.ACCETTAZIONE, Kind.CONSEGNA}
    assert (check_due(ctx, message.id) or 0) <= ctx.now().timestamp()


def test_a_busy_mailbox_is_read_again_and_one_that_is_not_is_left(ctx: WorkerContext, served: Served) -> None:
    scan(ctx, ACCOUNT)
    assert scan_due(ctx) is None

    for number in range(MIN_FOR_SCAN):
        sent(ctx, served, f"silent-{number}", "silenzio")
    scan(ctx, ACCOUNT)

    due = scan_due(ctx)
    assert due
    interval = ctx.settings.receipts.page_interval_seconds
    assert interval * 0.5 <= due - ctx.now().timestamp() <= interval * 4


def test_a_message_that_a_page_only_accepts_stays_left_to_pages(ctx: WorkerContext, served: Served) -> None:
    message = sent(ctx, served, "accepted-1", "silenzio")

    scan_busy_mailbox(ctx, served)

    assert state(ctx, "accepted-1") is State.ACCEPTED
    assert message.sent_at
    assert check_due(ctx, "accepted-1") == (message.sent_at + SCAN_WINDOW).timestamp()


def test_where_the_token_may_not_read_pages_each_message_is_asked_for_soon(
    ctx: WorkerContext, served: Served
) -> None:
    waiting = [sent(ctx, served, f"alone-{number}", "silenzio") for number in range(MIN_FOR_SCAN)]
    body = {"success": False, "message": "scope"}
    fault = {"operation": "GET /inbox", "status": 403, "body": body}
    requests.post(f"{served.url}/_sandbox/fault", json=fault, timeout=30).raise_for_status()

    scan(ctx, ACCOUNT)

    soon = ctx.now().timestamp() + 2 * ctx.settings.receipts.backoff_seconds[0]
    due = [check_due(ctx, message.id) for message in waiting]
    assert all(at is not None and at <= soon for at in due)
    assert scan_due(ctx) is None


def test_a_message_that_changed_while_its_page_was_read_is_kept_on_what_it_is_now(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(ctx, served, "changed-meanwhile")
    together = ctx.store.pipeline

    def meanwhile(calls: Any) -> Any:
        if calls[0].name == "commit":  # and not a slot for the page
            monkeypatch.undo()
            commit(ctx.store, changed(message, ctx.now(), {"checks": 7}))
        return together(calls)

    monkeypatch.setattr(ctx.store, "pipeline", meanwhile)
    scan(ctx, ACCOUNT)

    assert state(ctx, message.id) is State.DELIVERED
