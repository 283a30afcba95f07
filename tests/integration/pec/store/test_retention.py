"""Finished messages are kept for their time, and deleted after it if they were exported."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Retention
from pec.changes import changed
from pec.job_messages import enqueued
from pec.messages import Attachment, Message
from pec.names import Queue, State
from pec.store import records, retention
from pec.store.commits import Commit, apply, commit
from pec.store.store import Store
from pec.transitions import cancelled

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEPT = Retention(messages_days=90)
BODY, FILE = "b" * 64, "f" * 64


def store_message(store: Store, message_id: str, contents: Mapping[str, bytes] | None = None) -> Message:
    """A queued message of batch `b` that needs a body and a file, as intake stores it."""
    message = Message(
        id=message_id,
        account="acme",
        recipients=("x@pec.example",),
        subject="s",
        state=State.QUEUED,
        created_at=NOW,
        updated_at=NOW,
        batch="b",
        body=BODY,
        attachments=(Attachment("a.pdf", FILE), Attachment("same.pdf", FILE)),
    )
    change = enqueued(message, NOW)
    apply(store, Commit([change], uses=[BODY, FILE], contents=contents or {BODY: b"<p>", FILE: b"%PDF"}))
    return change.after


def ended(store: Store, message_id: str) -> Message:
    """The same, delivered now, with a code."""
    message = store_message(store, message_id)
    fields = {"state": State.DELIVERED, "code": "2026112512000001"}
    due = {Queue.CHECK: None, Queue.RELEASE: None}
    return commit(
        store, replace(changed(message, NOW, fields), due=due), ["ZREM", "pec:lane:acme", message_id]
    )


def forgotten(store: Store, message: Message, now: datetime, rules: Retention = KEPT) -> bool:
    retention.forget(store, message.id, now, rules)
    return records.read(store, message.id) is None


def test_what_was_exported_goes_when_its_time_has_come(store: Store) -> None:
    message = ended(store, "m")
    assert retention.mark_exported(store, [message], NOW, KEPT) == 1

    assert not forgotten(store, message, NOW + 89 * DAY)
    assert store.client.zscore("pec:due:sweep", "m") == (NOW + 90 * DAY).timestamp()
    assert forgotten(store, message, NOW + 90 * DAY)


def test_nothing_of_a_forgotten_message_is_left(store: Store) -> None:
    message = ended(store, "m")
    store.client.hset("pec:receipts:m", "key", "{}")
    retention.mark_exported(store, [message], NOW, KEPT)
    store.client.delete("pec:events")  # trimmed by its own retention

    assert forgotten(store, message, NOW + 90 * DAY)

    assert list(store.client.scan_iter()) == []


def test_what_was_not_exported_stays_unless_the_settings_say_so(store: Store) -> None:
    message = ended(store, "m")

    assert not forgotten(store, message, NOW + 1000 * DAY)
    assert forgotten(store, message, NOW + 1000 * DAY, Retention(messages_days=90, delete_unexported=True))


def test_a_change_after_the_export_wants_another_export(store: Store) -> None:
    message = ended(store, "m")
    retention.mark_exported(store, [message], NOW, KEPT)
    read = records.read(store, "m")
    assert read
    later = commit(store, changed(read, NOW + DAY, {"state": State.UNDELIVERED}))

    assert not forgotten(store, later, NOW + 1000 * DAY)
    assert retention.mark_exported(store, [message], NOW + DAY, KEPT) == 0, (
        "it is no longer as it was exported"
    )
    assert retention.mark_exported(store, [later], NOW + 2 * DAY, KEPT) == 1
    assert forgotten(store, later, NOW + 1000 * DAY)


def test_what_has_not_ended_is_never_marked_and_never_goes(store: Store) -> None:
    message = store_message(store, "m")

    assert retention.mark_exported(store, [message], NOW, KEPT) == 0
    everything = Retention(messages_days=90, delete_unexported=True)
    assert not forgotten(store, message, NOW + 1000 * DAY, everything)


def test_content_goes_with_the_last_message_that_needs_it(store: Store) -> None:
    first, second = ended(store, "one"), ended(store, "two")
    retention.mark_exported(store, [first, second], NOW, KEPT)

    assert forgotten(store, first, NOW + 90 * DAY)
    assert records.contents(store, [FILE])[FILE] == b"%PDF"
    assert store.client.hget(f"pec:content:{FILE}", "refs") == b"1"
    assert forgotten(store, second, NOW + 90 * DAY)
    assert not store.client.exists(f"pec:content:{FILE}", f"pec:content:{BODY}")


def test_a_batch_stays_as_long_as_one_of_its_messages(store: Store) -> None:
    first, second = ended(store, "one"), ended(store, "two")
    retention.mark_exported(store, [first, second], NOW, KEPT)

    assert forgotten(store, first, NOW + 90 * DAY)
    assert records.ids_of_batch(store, "b") == ["two"]
    assert records.batch_of(store, "b")["delivered"] == "2", "its counts are still there"
    assert forgotten(store, second, NOW + 90 * DAY)
    assert records.batch_of(store, "b") == {}


def test_one_that_changes_while_it_is_being_forgotten_stays(store: Store) -> None:
    message = ended(store, "m")
    retention.mark_exported(store, [message], NOW, KEPT)

    assert store.run("forget", "m", message.version - 1) == 0
    assert records.read(store, "m")


@pytest.mark.parametrize("state", [State.CANCELLED, State.DELIVERED])
def test_where_unexported_ones_go_too_they_are_found_by_their_age(store: Store, state: State) -> None:
    if state is State.CANCELLED:
        commit(store, cancelled(store_message(store, "m"), NOW))
    else:
        ended(store, "m")
    rules = Retention(messages_days=90, delete_unexported=True)

    assert retention.overdue(store, NOW + 89 * DAY, rules) == []
    assert retention.overdue(store, NOW + 91 * DAY, rules) == ["m"]


def test_a_record_of_a_newer_version_is_left_alone(store: Store) -> None:
    ended(store, "m")
    store.client.hset("pec:message:m", "state", "archived")

    assert not retention.forget(store, "m", NOW, KEPT)
    assert store.client.zscore("pec:due:sweep", "m") == (NOW + DAY).timestamp()
