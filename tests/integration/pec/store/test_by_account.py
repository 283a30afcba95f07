"""The index of messages by state and account: kept by commits, and completed for messages of older versions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from config.settings import Retention
from pec.changes import changed
from pec.job_messages import enqueued
from pec.messages import Message
from pec.names import State
from pec.store import by_account, pages, retention
from pec.store.commits import Commit, apply, commit
from pec.store.store import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def put(store: Store, message_id: str, account: str = "acme") -> Message:
    message = Message(
        id=message_id,
        account=account,
        recipients=("x@pec.example",),
        subject="s",
        state=State.QUEUED,
        created_at=NOW,
        updated_at=NOW,
    )
    change = enqueued(message, NOW)
    apply(store, Commit([change]))
    return change.after


def put_by_an_older_version(store: Store, message_id: str, account: str = "acme") -> None:
    put(store, message_id, account)
    store.client.zrem(store.keys.state_of(State.QUEUED, account), message_id)


def move_by_an_older_version(store: Store, message_id: str, start: State, end: State) -> None:
    store.client.zrem(store.keys.state(start), message_id)
    store.client.zadd(store.keys.state(end), {message_id: NOW.timestamp()})
    store.client.hset(store.keys.message(message_id), "state", end)


def held(store: Store, state: State, account: str = "acme") -> list[str]:
    found: Any = store.client.zrange(store.keys.state_of(state, account), 0, -1)
    return [one.decode() for one in found]


def test_commits_keep_it_until_a_message_is_deleted(store: Store) -> None:
    first, other = put(store, "acme:1"), put(store, "globex:1", "globex")
    assert (held(store, State.QUEUED), held(store, State.QUEUED, "globex")) == (["acme:1"], ["globex:1"])
    assert not by_account.complete(store)
    assert by_account.is_complete(store)

    delivered = commit(store, changed(first, NOW, {"state": State.DELIVERED, "ended_at": NOW}))

    assert (held(store, State.QUEUED), held(store, State.DELIVERED)) == ([], ["acme:1"])
    assert not by_account.complete(store)
    rules = Retention(messages_days=1, delete_unexported=True)
    assert retention.forget(store, delivered.id, datetime(2027, 1, 1, tzinfo=UTC), rules)
    assert held(store, State.DELIVERED) == []
    assert not by_account.complete(store)
    assert other.id == "globex:1"


def test_messages_of_an_older_version_are_read_as_before_until_they_have_joined(store: Store) -> None:
    put_by_an_older_version(store, "acme:old")
    store.client.delete(store.keys.accounts)
    put(store, "acme:new")
    assert listed(store) == {"acme:old", "acme:new"}

    assert by_account.complete(store)

    assert not by_account.is_complete(store)  # a worker of the older version may still run
    assert not by_account.complete(store)
    assert by_account.is_complete(store)
    assert set(held(store, State.QUEUED)) == {"acme:old", "acme:new"}
    assert listed(store) == {"acme:old", "acme:new"}


def test_what_a_worker_of_an_older_version_moved_is_found_and_mended(store: Store) -> None:
    put(store, "acme:1")
    by_account.complete(store)
    move_by_an_older_version(store, "acme:1", State.QUEUED, State.SENT)

    assert by_account.complete(store)

    assert (held(store, State.QUEUED), held(store, State.SENT)) == ([], ["acme:1"])
    assert not by_account.complete(store)


def test_errors_of_both_signs_that_leave_a_count_right_are_mended(store: Store) -> None:
    for number in range(2):
        put(store, f"acme:{number}")
    move_by_an_older_version(store, "acme:0", State.QUEUED, State.SENT)
    put_by_an_older_version(store, "acme:2")  # as many of queued are missing as have moved on
    assert len(held(store, State.QUEUED)) == 2

    assert by_account.complete(store)

    assert (held(store, State.QUEUED), held(store, State.SENT)) == (["acme:1", "acme:2"], ["acme:0"])


def test_it_is_read_no_longer_than_passes_come(store: Store) -> None:
    assert not by_account.complete(store)

    left: Any = store.client.ttl(store.keys.by_account)
    assert 3600 < left <= 7200


def test_the_messages_of_an_account_are_counted_also_where_an_older_version_moved_one(store: Store) -> None:
    queued = put(store, "acme:1")
    move_by_an_older_version(store, queued.id, State.QUEUED, State.SENDING)
    sending = replace(queued, state=State.SENDING)

    held_back = commit(store, changed(sending, NOW, {"state": State.HELD}))  # it is entered twice

    assert store.client.zscore(store.keys.accounts, "acme") == 2
    commit(store, changed(held_back, NOW, {"state": State.QUEUED}))  # where it is still entered
    assert store.client.zscore(store.keys.accounts, "acme") == len(held(store, State.QUEUED)) == 1


@pytest.mark.parametrize("states", [[], [State.QUEUED]])
def test_a_page_of_an_account_looks_at_no_message_of_another(store: Store, states: list[State]) -> None:
    put(store, "acme:1")
    for number in range(5):
        put(store, f"globex:{number}", "globex")
    by_account.complete(store)
    looked_at: list[str] = []

    def fits(account: str, _: str) -> bool:
        looked_at.append(account)
        return account == "acme"

    page = pages.newest(store, "reader", states, ["acme"], fits, 50, None)

    assert (page.ids, page.next) == (["acme:1"], None)
    assert looked_at == ["acme"]


def test_pages_of_an_account_follow_each_other_also_within_one_instant(store: Store) -> None:
    for number in range(7):
        put(store, f"acme:{number}")
    by_account.complete(store)
    found: list[list[str]] = []
    after = None
    while not found or after:
        page = pages.newest(store, "reader", [], ["acme", "none"], lambda *_: True, 3, after)
        found.append(page.ids)
        after = page.next

    assert [len(one) for one in found] == [3, 3, 1]
    assert {one for ids in found for one in ids} == {f"acme:{number}" for number in range(7)}


def listed(store: Store) -> set[str]:
    return set(pages.newest(store, "reader", [], ["acme"], lambda *_: True, 50, None).ids)
