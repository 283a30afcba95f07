"""The room in a mailbox on a real server: what is reserved, what frees it, and who waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from config.settings import Uncertain
from pec import transitions
from pec.changes import Change, changed
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.store import accounts, pacing, room
from pec.store.commits import commit
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.integration.pec.store.rooms import EACH, delivered, now, pick, queued, sent
from tests.integration.pec.store.slots import NOW, TOKEN, note_quota

store = slots.store


def quota_due(store: Store) -> float:
    found: Any = store.client.zscore(store.keys.due(Queue.QUOTA), "acme")
    return float(found or 0)


def test_many_workers_at_once_never_reserve_more_than_there_is(store: Store) -> None:
    note_quota(store, limit=100_000)
    for number in range(200):
        queued(store, f"m{number}", number)
    found: list[Message] = []

    def ask() -> None:
        while message := pick(store):
            found.append(message)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 95
    assert (now(store).expected, now(store).left) == (95 * EACH, 0)
    assert [one.order for one in sorted(found, key=lambda one: one.order)] == list(range(95))


def test_a_mailbox_that_was_never_read_is_read_before_its_first_send(redis: Redis) -> None:
    store = Store(redis, "pec")
    accounts.register(store, "acme", TOKEN)
    queued(store, "m")

    assert pick(store) is None
    assert 0 < quota_due(store) <= store.now()

    note_quota(store)
    assert pick(store)


def test_a_mailbox_whose_limit_the_api_does_not_state_has_room_for_all(store: Store) -> None:
    note_quota(store, limit=0)
    queued(store, "m", room=10**12)

    assert pick(store)


def test_one_message_is_for_as_many_receipts_as_it_has_recipients(store: Store) -> None:
    note_quota(store, limit=10_000)
    to = ("a@pec.example", "b@pec.example", "c@pec.example")
    queued(store, "m", recipients=to)
    message = pick(store)
    assert message
    assert now(store).expected == 3 * EACH

    message = sent(store, message)
    message = delivered(store, message, "a@pec.example")
    assert (now(store).expected, now(store).uncounted) == (2 * EACH, EACH)

    message = delivered(store, message, "b@pec.example")
    message = delivered(store, message, "c@pec.example")
    assert (now(store).expected, now(store).uncounted) == (0, 3 * EACH)
    assert not store.client.exists(store.keys.room("acme"))


def test_what_came_counts_until_a_reading_that_was_asked_later(store: Store) -> None:
    queued(store, "m")
    message = pick(store)
    assert message
    asked = room.arrived(store, "acme")
    delivered(store, sent(store, message), "x@pec.example")

    room.note_reading(store, "acme", 0, 1 << 20, 0.95, asked)
    assert now(store).uncounted == EACH, "the reading may not have seen it"

    note_quota(store, used=700)
    assert (now(store).uncounted, now(store).used) == (0, 700)
    assert room.note_reading(store, "acme", 0, 1 << 20, 0.95, asked) is None, "an answer that came late"
    assert now(store).used == 700


@pytest.mark.parametrize("undone", ["put_back", "unclaimed", "rate_limited", "refused", "cancelled", "lease"])
def test_what_was_not_sent_is_free_at_once(store: Store, undone: str) -> None:
    queued(store, "m")
    message = pick(store)
    assert message
    reason = Reason("x", "x")
    if undone == "put_back":
        pacing.put_back(store, message)
    elif undone == "cancelled":
        commit(store, transitions.cancelled(message, NOW))
    elif undone == "lease":  # its worker died before the claim
        due, lane = transitions.placement(message, NOW)
        commit(store, changed(message, NOW, {}, due=due, lane=lane))
    else:
        claimed = commit(store, transitions.claimed(message, NOW, "REF", 30))
        assert now(store).expected == EACH
        commit(store, UNDONE[undone](claimed, reason))

    assert (now(store).expected, now(store).uncounted) == (0, 0)


UNDONE: dict[str, Callable[[Message, Reason], Change]] = {
    "unclaimed": lambda message, _: transitions.unclaimed(message, NOW),
    "rate_limited": lambda message, reason: transitions.requeued(message, NOW, reason, 5, 0.5),
    "refused": lambda message, reason: transitions.failed(message, NOW, reason),
}


def test_a_send_whose_answer_was_lost_keeps_its_room_until_it_is_settled(store: Store) -> None:
    queued(store, "m")
    message = pick(store)
    assert message
    claimed = commit(store, transitions.claimed(message, NOW, "REF", 30))
    lost = commit(store, transitions.answer_lost(claimed, NOW, Reason("x", "x"), Uncertain()))
    assert now(store).expected == EACH
    held = commit(store, changed(lost, NOW, {"state": State.HELD}))
    assert now(store).expected == EACH

    commit(store, transitions.discarded(held, NOW))

    assert (now(store).expected, now(store).uncounted) == (0, EACH), "it may have been sent all the same"


def test_a_claim_restores_a_reservation_that_is_missing(store: Store) -> None:
    queued(store, "m")
    message = pick(store)
    assert message
    store.client.delete(store.keys.room("acme"))
    store.client.hset(store.keys.account("acme"), "room_expected", 0)

    commit(store, transitions.claimed(message, NOW, "REF", 30))

    assert now(store).expected == EACH


def test_an_account_without_room_waits_in_its_lane_and_others_go_on(store: Store) -> None:
    note_quota(store, limit=1500)
    for number, account in enumerate(["acme", "acme", "beta"]):
        queued(store, f"{account}{number}", number, account=account)

    assert {one.id for _ in range(3) if (one := pick(store))} == {"acme0", "beta2"}

    waits = now(store)
    assert waits.waits_since
    assert (waits.needed, store.client.zcard(store.keys.lane("acme"))) == (EACH, 1)
    accounts.ensure(store, {"acme": TOKEN})
    assert pick(store) is None, "a heartbeat changes nothing"
    note_quota(store, used=1000, limit=1500)
    assert now(store).waits_since, "nor does a reading that shows no room"

    note_quota(store, used=0, limit=3000)
    message = pick(store)
    assert message
    assert message.id == "acme1"
    assert now(store).waits_since is None


@pytest.mark.parametrize("meanwhile", ["cancelled", "overtaken"])
def test_a_reading_judges_the_message_that_is_first_by_then(store: Store, meanwhile: str) -> None:
    note_quota(store, limit=3000)
    large = queued(store, "large", room=5000)
    assert pick(store) is None
    assert now(store).needed == 5000
    if meanwhile == "cancelled":
        commit(store, transitions.cancelled(large, NOW))
    else:
        queued(store, "small", 2, priority=9)

    note_quota(store, limit=3000)

    assert now(store).waits_since is None
    found = pick(store)
    assert (found.id if found else None) == (None if meanwhile == "cancelled" else "small")


def test_an_account_waits_for_what_its_first_message_needs_by_then(store: Store) -> None:
    note_quota(store, limit=3000)
    queued(store, "large", room=5000)
    assert pick(store) is None
    waits_since = now(store).waits_since
    queued(store, "smaller", 2, priority=9, room=4000)

    note_quota(store, limit=3000)

    assert (now(store).needed, now(store).waits_since) == (4000, waits_since)


def test_the_quota_is_read_again_when_receipts_took_a_twentieth_of_the_mailbox(store: Store) -> None:
    note_quota(store, limit=50_000)
    for number in range(3):
        queued(store, f"m{number}", number)
    messages = [sent(store, one) for _ in range(3) if (one := pick(store))]

    delivered(store, messages[0], "x@pec.example")
    delivered(store, messages[1], "x@pec.example")
    assert quota_due(store) == 0

    delivered(store, messages[2], "x@pec.example")
    assert 0 < quota_due(store) <= store.now()


def test_a_mailbox_that_waits_is_read_when_nothing_more_is_to_come(store: Store) -> None:
    note_quota(store, limit=1_000_000)
    queued(store, "m", room=600_000)
    queued(store, "n", 2, room=600_000)
    message = pick(store)
    assert message
    message = sent(store, message)
    assert pick(store) is None
    assert quota_due(store) == 0, "nothing can have changed"
    store.client.hset(store.keys.account("acme"), "room_ask_at", 10**9)

    delivered(store, message, "x@pec.example")

    assert 0 < quota_due(store) <= store.now()


def test_an_operator_s_resume_has_the_quota_read_and_the_next_message_judged_anew(store: Store) -> None:
    note_quota(store, limit=1500)
    queued(store, "m", room=5000)
    assert pick(store) is None
    store.client.delete(store.keys.due(Queue.QUOTA))
    accounts.pause(store, "acme", Reason(accounts.MAILBOX_FULL, "full"))

    accounts.resume(store, "acme")

    assert now(store).waits_since is None
    assert 0 < quota_due(store) <= store.now()
    assert pick(store) is None
    assert now(store).waits_since


def test_reservations_are_brought_in_line_with_the_records(store: Store) -> None:
    """Older workers reserve and free nothing."""
    for number in range(3):
        queued(store, f"m{number}", number)
    messages = [sent(store, one) for _ in range(3) if (one := pick(store))]
    store.client.hdel(store.keys.room("acme"), "m0")  # an older worker sent it
    store.client.hset(store.keys.message("m1"), "state", "delivered")  # and read this one's receipts
    store.client.zrem(store.keys.awaiting("acme"), "m1")
    store.client.hset(store.keys.room("acme"), "gone", "1000 1")
    store.client.hset(store.keys.account("acme"), "room_expected", 77)
    queued(store, "picked", 9)
    assert pick(store)

    assert room.reconcile(store, "acme") == 3
    note_quota(store)

    entries: Any = store.client.hgetall(store.keys.room("acme"))
    assert entries == {b"m0": b"1000 1", b"m2": b"1000 1", b"picked": b"1000 1"}
    assert now(store).expected == 3 * EACH
    assert room.reconcile(store, "acme") == 0
    assert len(messages) == 3
