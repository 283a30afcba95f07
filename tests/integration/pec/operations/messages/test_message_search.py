"""Pages of messages: in order, complete, bounded, and found by words."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from pec.names import State
from pec.operations.messages import message_search
from pec.operations.messages.message_search import Query, find_exactly, find_page
from pec.store.store import Store
from producers import Producer
from tests.integration.producing import SEND, Settle, TakeJobs, to

COUNT = 23


@pytest.fixture(autouse=True)
def _messages(producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    for number in range(COUNT):
        producer.send(f"m-{number:02}", **{**SEND, "recipient": f"p{number}@pec.example", "batch": "b"})
    take_jobs()
    for number in range(0, COUNT, 5):
        change(f"m-{number:02}", to(State.HELD))


def ids_of(store: Store, query: Query, limit: int = 4) -> list[str]:
    """Return the ids of all pages."""
    found: list[str] = []
    cursor = ""
    while True:
        page = find_page(store, query, cursor, limit)
        assert len(page.messages) <= limit
        found += [one.id for one in page.messages]
        cursor = page.cursor
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 4, 22, 23, 24])
def test_pages_hold_each_message_once_newest_first(store: Store, limit: int) -> None:
    found = ids_of(store, Query(), limit)

    assert len(found) == len(set(found)) == COUNT
    assert found[:5] == [f"m-{number:02}" for number in (20, 15, 10, 5, 0)]


def test_messages_that_entered_a_state_at_once_are_not_lost_between_pages(store: Store) -> None:
    for number in range(600):
        store.client.zadd(store.keys.state(State.QUEUED), {f"same-{number}": 1000.0})

    seen: set[str] = set()
    cursor = ""
    for _ in range(200):
        page = find_page(store, Query(states=[State.QUEUED]), cursor, 10)
        seen |= {cursor}
        cursor = page.cursor
        if not cursor:
            break
    assert not cursor
    assert len(seen) > 60


def test_a_batch_is_paged_in_the_order_of_intake(store: Store) -> None:
    assert ids_of(store, Query(batch="b")) == [f"m-{number:02}" for number in range(COUNT)]
    assert ids_of(store, Query(batch="b", states=[State.HELD]), 2) == ["m-00", "m-05", "m-10", "m-15", "m-20"]


def test_words_are_found_in_recipients_and_subjects(store: Store) -> None:
    assert ids_of(store, Query(words="P7@PEC")) == ["m-07"]
    assert len(ids_of(store, Query(words="fattura"))) == COUNT
    assert ids_of(store, Query(words="nothing")) == []


def test_a_search_costs_no_more_than_a_page_may(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_search, "MAX_LOOKED_AT", 10)
    monkeypatch.setattr(message_search, "_CHUNK", 5)

    page = find_page(store, Query(words="p1@"), limit=4)

    assert page.looked_at == 10
    assert page.cursor
    assert ids_of(store, Query(words="p1@")) == ["m-01"]


def test_a_cursor_shows_nothing_of_messages_of_other_mailboxes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_search, "MAX_LOOKED_AT", 10)
    monkeypatch.setattr(message_search, "_CHUNK", 5)

    page = find_page(store, Query(accounts=["other"]))

    assert page.cursor
    decoded = base64.urlsafe_b64decode(page.cursor + "=" * (-len(page.cursor) % 4))
    assert not [number for number in range(COUNT) if b"m-%02d" % number in decoded]
    assert find_page(store, Query(accounts=["other"]), page.cursor).looked_at == 10


def test_time_and_mailbox_restrict(store: Store) -> None:
    now = datetime.now(UTC)

    assert len(ids_of(store, Query(since=now - timedelta(minutes=5)))) == COUNT
    assert ids_of(store, Query(until=now - timedelta(minutes=5))) == []
    assert ids_of(store, Query(accounts=["other"])) == []


def test_an_id_or_a_code_names_its_message(store: Store, change: Settle) -> None:
    store.client.set(store.keys.code("acme", "2026112912300001"), "m-03")

    assert find_exactly(store, "m-04", ["acme"]) == ["m-04"]
    assert find_exactly(store, "2026112912300001", ["acme"]) == ["m-03"]
    assert find_exactly(store, "nothing here", ["acme"]) == []
