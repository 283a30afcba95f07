"""Pages of a real mailbox: where the next reading goes on, whatever came or failed meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from pec.api.client import InboxPage, Mail
from pec.changes import created
from pec.inbox import PAGE_SIZE
from pec.names import Queue, State
from pec.store.commits import commit
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import ACCOUNT, scan_busy_mailbox, scan_due, sent, state
from workers.context import WorkerContext
from workers.mailbox import scan_progress
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.incoming import incoming_on_page
from workers.mailbox.scan_policy import MIN_FOR_SCAN
from workers.mailbox.search import page_of
from workers.tasks import inbox_scan
from workers.tasks.inbox_scan import scan


def test_the_next_reading_goes_on_where_this_one_ended(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(ctx, served, "before-1")
    scan(ctx, ACCOUNT)
    for number in range(60):
        sent(ctx, served, f"many-{number}")
    scan(ctx, ACCOUNT)
    calls = len(pages_read(served))
    monkeypatch.setattr(
        "workers.mailbox.scan_progress.OVERLAP", -timedelta(minutes=1)
    )  # as if it were a minute later

    scan(ctx, ACCOUNT)

    assert state(ctx, "many-0") is State.DELIVERED
    assert len(pages_read(served)) - calls <= 2, "not the whole mailbox again"


def test_receipts_that_come_between_two_pages_hide_none_of_those_before(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(ctx, served, f"shifted-{number}") for number in range(60)]
    others = (sent(ctx, served, f"meanwhile-{number}") for number in range(100))

    def page_and_mails(*asked: Any) -> InboxPage:
        found = page_of(*asked)
        for _ in range(9):
            next(others, None)
        return found

    looked_at: list[str] = []

    def incoming(ctx: WorkerContext, account: str, mails: Sequence[Mail]) -> None:
        looked_at.extend(map(scan_progress.digest_of, mails))
        incoming_on_page(ctx, account, mails)

    monkeypatch.setattr(inbox_scan, "incoming_on_page", incoming)
    monkeypatch.setattr("workers.tasks.inbox_scan.page_of", page_and_mails)
    scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in many} == {State.DELIVERED}
    assert len(set(looked_at)) == len(looked_at), "each is looked at once, on whichever page"


def test_a_reading_that_was_cut_short_goes_on_soon_where_it_was_left(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(ctx, served, f"long-{number}") for number in range(100)]
    silent = [sent(ctx, served, f"silent-{number}", "silenzio") for number in range(MIN_FOR_SCAN)]
    monkeypatch.setattr(scan_progress, "MAX_PAGES", 3)
    calls = len(pages_read(served))

    scan(ctx, ACCOUNT)
    due = scan_due(ctx)
    assert due
    assert due <= ctx.now().timestamp() + scan_progress.GOES_ON_SECONDS
    assert state(ctx, many[0].id) is State.SENT
    for _ in range(3):
        scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in many} == {State.DELIVERED}
    assert {state(ctx, one.id) for one in silent} == {State.ACCEPTED}
    assert len(pages_read(served)) - calls <= 225 / PAGE_SIZE + 2 * 4 + 2


def test_a_reading_gets_further_than_the_last_however_many_mails_came_since(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(ctx, served, f"long-{number}") for number in range(100)]
    monkeypatch.setattr(scan_progress, "MAX_PAGES", 3)
    for batch in range(3):
        scan(ctx, ACCOUNT)
        newer = [sent(ctx, served, f"newer-{batch}-{number}") for number in range(50)]
    assert {state(ctx, one.id) for one in many} == {State.DELIVERED}
    assert state(ctx, newer[0].id) is State.SENT

    for _ in range(12):
        scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in newer} == {State.DELIVERED}


def test_a_page_that_the_api_cannot_show_keeps_newer_mails_waiting_for_one_reading_only(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(ctx, served, f"long-{number}") for number in range(100)]
    monkeypatch.setattr(scan_progress, "MAX_PAGES", 3)
    scan(ctx, ACCOUNT)
    newer = [sent(ctx, served, f"newer-{number}") for number in range(40)]

    def first_pages(ctx: WorkerContext, account: str, query: None, number: int | None) -> InboxPage:
        return page_of(ctx, account, query, number) if number is None or number < 6 else _unreadable()

    with monkeypatch.context() as patched:
        patched.setattr(inbox_scan, "page_of", first_pages)
        for _ in range(2):
            scan(ctx, ACCOUNT)
    assert {state(ctx, one.id) for one in newer} == {State.DELIVERED}
    assert state(ctx, many[0].id) is State.SENT

    for _ in range(12):
        scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in many} == {State.DELIVERED}


def test_the_watermark_does_not_pass_what_a_failing_api_did_not_show(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(ctx, served, f"failing-{number}") for number in range(60)]
    answers = iter([page_of] * 2)
    with monkeypatch.context() as patched:
        patched.setattr("workers.tasks.inbox_scan.page_of", lambda *asked: next(answers, _unreadable)(*asked))
        scan(ctx, ACCOUNT)
    assert State.SENT in {state(ctx, one.id) for one in many}
    scan(ctx, ACCOUNT)

    assert {state(ctx, one.id) for one in many} == {State.DELIVERED}


def test_a_receipt_that_came_before_the_answer_to_its_post_is_taken_later(
    ctx: WorkerContext, served: Served
) -> None:
    code = served.code_of_send("consegna@pec.example", subject="Avviso n. 0")
    ours = sent(ctx, served, "ours-1")
    scan(ctx, ACCOUNT)
    assert state(ctx, ours.id) is State.DELIVERED
    late = replace(ours, id="slow-1", code=code, subject="Avviso n. 0", state=State.SENT, version=0)
    commit(ctx.store, created(late, due={Queue.CHECK: None}))
    scan(ctx, ACCOUNT)
    assert state(ctx, "slow-1") is State.DELIVERED


def test_what_a_reading_took_is_not_read_again_and_what_came_since_is(
    ctx: WorkerContext, served: Served
) -> None:
    sent(ctx, served, "once-1")
    scan_busy_mailbox(ctx, served)
    before = records_read(ctx)
    scan(ctx, ACCOUNT)
    assert records_read(ctx) == before

    sent(ctx, served, "once-2")
    scan(ctx, ACCOUNT)

    assert state(ctx, "once-2") is State.DELIVERED


def test_what_could_not_be_looked_at_is_taken_by_the_next_reading(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text was wanted, and the pace of reads did not allow it."""
    sent(ctx, served, "refused-1", "non-accettazione")
    with monkeypatch.context() as patched:
        patched.setattr("workers.tasks.check.mails_of", _unreadable)
        scan(ctx, ACCOUNT)
    assert state(ctx, "refused-1") is State.SENT

    scan(ctx, ACCOUNT)

    assert state(ctx, "refused-1") is State.REFUSED


def test_after_a_failover_in_the_middle_the_next_reading_begins_where_this_one_began(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former primary may have had more of what the pages showed."""
    scan_busy_mailbox(ctx, served)
    before = how_far(ctx)
    sent(ctx, served, "lost-1")

    def page_and_failover(*asked: Any) -> InboxPage:
        found = page_of(*asked)
        ctx.store.client.replicaof("127.0.0.1", "1")
        ctx.store.client.replicaof("NO", "ONE")  # with another history of writes
        return found

    with monkeypatch.context() as patched:
        patched.setattr("workers.tasks.inbox_scan.page_of", page_and_failover)
        scan(ctx, ACCOUNT)
    assert how_far(ctx) == before
    assert (scan_due(ctx) or 0) <= ctx.now().timestamp() + scan_progress.GOES_ON_SECONDS

    scan(ctx, ACCOUNT)

    assert how_far(ctx) != before


def how_far(ctx: WorkerContext) -> dict[Any, Any]:
    found: Any = ctx.store.client.hgetall(ctx.store.keys.scan(ACCOUNT))
    return dict(found)


def _unreadable(*_: object, **__: object) -> InboxPage:
    raise MailboxUnavailable("reads_at_their_pace")


def records_read(ctx: WorkerContext) -> int:
    """Hashes that were read whole, by scripts too."""
    stats: Any = ctx.store.client.info("commandstats")
    return int(stats.get("cmdstat_hgetall", {}).get("calls", 0))


def pages_read(served: Served) -> list[dict[str, Any]]:
    seen: Any = requests.get(f"{served.url}/_sandbox/requests", timeout=30).json()
    return [one for one in seen if one["path"].startswith("/inbox")]
