"""Pages of a real mailbox: what is taken from them, what is left to single calls, where the next reading goes on."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from redis import Redis

from config.settings import Settings
from pec.api.client import InboxPage, PecClient
from pec.changes import born, changed
from pec.inbox import PAGE_SIZE
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind
from pec.store import accounts, records
from pec.store.commits import commit
from pec.store.store import Store
from tests.integration.sandbox.serving import AT_ONCE, SENDER, TOKEN, Served, serving
from workers import scanning
from workers.calls import Unreadable
from workers.crowds import CROWD, YOUNG
from workers.kit import Kit
from workers.scanning import scan
from workers.searching import page_of

ACCOUNT = "acme"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(*AT_ONCE) as found:
        yield found


@pytest.fixture
def kit(redis: Redis, redis_url: str, served: Served) -> Iterator[Kit]:
    account = {"sender": SENDER, "username": SENDER, "password": "password"}
    settings = Settings.model_validate(
        {
            "redis_url": redis_url,
            "api": {"url": served.url, "token": TOKEN, "read_rate": 1000},
            "accounts": {"acme": account},
        }
    )
    store = Store(redis, "pec")
    with closing(PecClient(settings.api)) as client:
        kit = Kit(settings, store, client)
        kit.listen_to_clock()
        accounts.register(store, "acme", kit.token("acme"))
        yield kit


def sent(kit: Kit, served: Served, message_id: str, story: str = "consegna", *recipients: str) -> Message:
    """A PEC that the sandbox really took, as its record says it after the answer."""
    to = recipients or (f"{story}+{message_id}@pec.example",)
    code = served.code_of_send(list(to) if len(to) > 1 else to[0], subject=f"Avviso {message_id}")
    now = kit.now()
    message = Message(
        id=message_id, account="acme", recipients=to, subject=f"Avviso {message_id}", state=State.SENT,
        created_at=now, updated_at=now, sent_at=now, code=code, referenced=False,
    )  # fmt: skip
    return commit(kit.store, born(message, due={Queue.CHECK: now + timedelta(hours=1)}))


def state(kit: Kit, message_id: str) -> State:
    found = records.read(kit.store, message_id)
    assert found
    return found.state


def check_due(kit: Kit, message_id: str) -> float | None:
    found: Any = kit.store.client.zscore(kit.store.keys.due(Queue.CHECK), message_id)
    return None if found is None else float(found)


def scan_due(kit: Kit) -> float | None:
    found: Any = kit.store.client.zscore(kit.store.keys.due(Queue.INBOX_SCAN), ACCOUNT)
    return None if found is None else float(found)


def test_a_page_delivers_all_that_it_shows_and_their_texts_are_asked_for(kit: Kit, served: Served) -> None:
    messages = [sent(kit, served, f"page-{number}") for number in range(12)]

    scan(kit, ACCOUNT)

    assert {state(kit, one.id) for one in messages} == {State.DELIVERED}
    assert all(receipt.text is None for receipt in records.receipts_of(kit.store, "page-0").values())
    assert all((check_due(kit, one.id) or 0) <= kit.now().timestamp() for one in messages)


def test_what_a_page_cannot_tell_without_a_text_is_asked_for_at_once(kit: Kit, served: Served) -> None:
    sent(kit, served, "failed-1", "mancata-consegna")
    sent(kit, served, "both-1", "", "consegna+a@pec.example", "mancata-consegna+b@pec.example")

    scan(kit, ACCOUNT)

    failed = records.read(kit.store, "failed-1")
    assert failed
    assert failed.state is State.UNDELIVERED
    assert failed.reason
    assert failed.reason.details["error"] == "5.1.1", "only the text tells"
    both = records.read(kit.store, "both-1")
    assert both
    assert dict(both.outcomes) == {
        "consegna+a@pec.example": "delivered",
        "mancata-consegna+b@pec.example": "undelivered",
    }


def test_a_late_delivery_overrides_an_end_that_is_not_for_good(kit: Kit, served: Served) -> None:
    message = sent(kit, served, "late-1")
    commit(kit.store, changed(message, kit.now(), {"state": State.EXPIRED}))

    scan(kit, ACCOUNT)

    assert state(kit, "late-1") is State.DELIVERED


def test_an_acceptance_that_a_page_shows_after_the_end_is_kept_and_its_text_asked_for(
    kit: Kit, served: Served
) -> None:
    message = sent(kit, served, "acceptance-late-1")
    commit(kit.store, changed(message, kit.now(), {"state": State.DELIVERED}))

    scan(kit, ACCOUNT)

    kinds = {receipt.kind for receipt in records.receipts_of(kit.store, message.id).values()}
    assert kinds == {Kind.ACCETTAZIONE, Kind.CONSEGNA}
    assert (check_due(kit, message.id) or 0) <= kit.now().timestamp()


def test_the_next_reading_goes_on_where_this_one_ended(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(kit, served, "before-1")
    scan(kit, ACCOUNT)
    for number in range(60):
        sent(kit, served, f"many-{number}")
    scan(kit, ACCOUNT)
    calls = len(pages_read(served))
    monkeypatch.setattr("workers.scanning.OVERLAP", -timedelta(minutes=1))  # as if it were a minute later

    scan(kit, ACCOUNT)

    assert state(kit, "many-0") is State.DELIVERED
    assert len(pages_read(served)) - calls <= 2, "not the whole mailbox again"


def test_receipts_that_come_between_two_pages_hide_none_of_those_before(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(kit, served, f"shifted-{number}") for number in range(60)]
    others = (sent(kit, served, f"meanwhile-{number}") for number in range(100))

    def page_and_mails(*asked: Any) -> InboxPage:
        found = page_of(*asked)
        for _ in range(9):
            next(others, None)
        return found

    monkeypatch.setattr("workers.scanning.page_of", page_and_mails)
    scan(kit, ACCOUNT)

    assert {state(kit, one.id) for one in many} == {State.DELIVERED}


def test_a_reading_that_was_cut_short_goes_on_soon_where_it_was_left(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(kit, served, f"long-{number}") for number in range(100)]
    silent = [sent(kit, served, f"silent-{number}", "silenzio") for number in range(CROWD)]
    monkeypatch.setattr(scanning, "MOST_PAGES", 3)
    calls = len(pages_read(served))

    scan(kit, ACCOUNT)
    due = scan_due(kit)
    assert due
    assert due <= kit.now().timestamp() + scanning.GOES_ON_SECONDS
    assert state(kit, many[0].id) is State.SENT
    monkeypatch.setattr(scanning, "OVERLAP", -timedelta(minutes=1))  # as if it were a minute later
    for _ in range(3):
        scan(kit, ACCOUNT)

    assert {state(kit, one.id) for one in many} == {State.DELIVERED}
    assert {state(kit, one.id) for one in silent} == {State.ACCEPTED}
    assert len(pages_read(served)) - calls <= 225 / PAGE_SIZE + 2 * 4 + 2


def test_the_watermark_does_not_pass_what_a_failing_api_did_not_show(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [sent(kit, served, f"failing-{number}") for number in range(60)]
    answers = iter([page_of] * 2)
    with monkeypatch.context() as patched:
        patched.setattr("workers.scanning.page_of", lambda *asked: next(answers, _unreadable)(*asked))
        scan(kit, ACCOUNT)
    assert State.SENT in {state(kit, one.id) for one in many}
    scan(kit, ACCOUNT)

    assert {state(kit, one.id) for one in many} == {State.DELIVERED}


def test_a_receipt_that_came_before_the_answer_to_its_post_is_taken_later(kit: Kit, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject="Avviso n. 0")
    ours = sent(kit, served, "ours-1")
    scan(kit, ACCOUNT)
    assert state(kit, ours.id) is State.DELIVERED
    late = replace(ours, id="slow-1", code=code, subject="Avviso n. 0", state=State.SENT, version=0)
    commit(kit.store, born(late, due={Queue.CHECK: None}))
    scan(kit, ACCOUNT)
    assert state(kit, "slow-1") is State.DELIVERED


def test_a_crowded_mailbox_is_read_again_and_one_that_is_not_is_left(kit: Kit, served: Served) -> None:
    scan(kit, ACCOUNT)
    assert scan_due(kit) is None

    for number in range(CROWD):
        sent(kit, served, f"silent-{number}", "silenzio")
    scan(kit, ACCOUNT)

    due = scan_due(kit)
    assert due
    interval = kit.settings.receipts.page_interval
    assert interval * 0.5 <= due - kit.now().timestamp() <= interval * 4


def test_a_message_that_a_page_only_accepts_stays_left_to_pages(kit: Kit, served: Served) -> None:
    message = sent(kit, served, "accepted-1", "silenzio")

    scan_in_a_crowd(kit, served)

    assert state(kit, "accepted-1") is State.ACCEPTED
    assert message.sent_at
    assert check_due(kit, "accepted-1") == (message.sent_at + YOUNG).timestamp()


def test_what_a_reading_took_is_not_read_again_and_what_came_since_is(kit: Kit, served: Served) -> None:
    sent(kit, served, "once-1")
    scan_in_a_crowd(kit, served)
    before = records_read(kit)
    scan(kit, ACCOUNT)
    assert records_read(kit) == before

    sent(kit, served, "once-2")
    scan(kit, ACCOUNT)

    assert state(kit, "once-2") is State.DELIVERED


def test_what_could_not_be_looked_at_is_taken_by_the_next_reading(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text was wanted, and the pace of reads did not allow it."""
    sent(kit, served, "refused-1", "non-accettazione")
    with monkeypatch.context() as patched:
        patched.setattr("workers.checking.mails_of", _unreadable)
        scan(kit, ACCOUNT)
    assert state(kit, "refused-1") is State.SENT

    scan(kit, ACCOUNT)

    assert state(kit, "refused-1") is State.REFUSED


def _unreadable(*_: object, **__: object) -> InboxPage:
    raise Unreadable("reads_at_their_pace")


def scan_in_a_crowd(kit: Kit, served: Served) -> None:
    for number in range(CROWD):
        sent(kit, served, f"crowd-{number}", "silenzio")
    scan(kit, ACCOUNT)


def records_read(kit: Kit) -> int:
    """Hashes that were read whole, by scripts too."""
    told: Any = kit.store.client.info("commandstats")
    return int(told.get("cmdstat_hgetall", {}).get("calls", 0))


def pages_read(served: Served) -> list[dict[str, Any]]:
    seen: Any = requests.get(f"{served.url}/_sandbox/requests", timeout=10).json()
    return [one for one in seen if one["path"].startswith("/inbox")]


def test_where_the_token_may_not_read_pages_each_message_is_asked_for_soon(kit: Kit, served: Served) -> None:
    crowd = [sent(kit, served, f"alone-{number}", "silenzio") for number in range(CROWD)]
    body = {"success": False, "message": "scope"}
    fault = {"operation": "GET /inbox", "status": 403, "body": body}
    requests.post(f"{served.url}/_sandbox/fault", json=fault, timeout=10).raise_for_status()

    scan(kit, ACCOUNT)

    soon = kit.now().timestamp() + 2 * kit.settings.receipts.backoff[0]
    due = [check_due(kit, message.id) for message in crowd]
    assert all(at is not None and at <= soon for at in due)
    assert scan_due(kit) is None


def test_a_message_that_changed_while_its_page_was_read_is_kept_on_what_it_is_now(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(kit, served, "changed-meanwhile")
    together = kit.store.together

    def meanwhile(calls: Any) -> Any:
        monkeypatch.undo()
        commit(kit.store, changed(message, kit.now(), {"looks": 7}))
        return together(calls)

    monkeypatch.setattr(kit.store, "together", meanwhile)
    scan(kit, ACCOUNT)

    assert state(kit, message.id) is State.DELIVERED
