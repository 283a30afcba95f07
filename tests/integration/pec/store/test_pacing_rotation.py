"""The rotation of accounts, the order of lanes, and places on the wire."""

from config.settings import Api
from pec.messages import Reason
from pec.names import Queue
from pec.store import accounts, pacing
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.integration.pec.store.slots import TOKEN, note_quota, picked, picked_id, waiting

store = slots.store


def test_an_account_that_redis_lost_is_there_again_in_the_rotation(store: Store) -> None:
    waiting(store, "m", 1)
    store.client.delete(store.keys.account("acme"), store.keys.rotation(TOKEN), store.keys.due(Queue.SEND))
    assert picked(store) is None

    accounts.ensure(store, {"acme": TOKEN, "beta": TOKEN})
    note_quota(store)

    assert picked_id(store) == "m"


def test_a_token_that_another_worker_registered_later_stays(store: Store) -> None:
    accounts.register(store, "acme", "newer")

    accounts.ensure(store, {"acme": TOKEN})

    assert accounts.state_of(store, "acme").token == "newer"


def test_lanes_go_by_priority_then_age(store: Store) -> None:
    waiting(store, "old", 1)
    waiting(store, "new", 2)
    waiting(store, "urgent", 3, priority=9)
    assert [picked_id(store) for _ in range(4)] == ["urgent", "old", "new", None]


def test_accounts_rotate(store: Store) -> None:
    for number in range(3):
        waiting(store, f"a{number}", number)
    waiting(store, "b", 9, account="beta")
    assert "b" in [picked_id(store) for _ in range(2)]


def test_a_paused_account_waits_and_loses_nothing(store: Store) -> None:
    waiting(store, "m", 1)
    accounts.pause(store, "acme", Reason("operator", "by hand"))
    waiting(store, "n", 2)
    assert picked_id(store) is None
    accounts.resume(store, "acme")
    assert [picked_id(store), picked_id(store)] == ["m", "n"]


def test_a_message_picked_and_not_claimed_comes_due_again(store: Store) -> None:
    waiting(store, "m", 1)
    assert picked(store)
    assert store.client.zscore(store.keys.due(Queue.RELEASE), "m") is not None


def test_a_message_put_back_keeps_its_place(store: Store) -> None:
    waiting(store, "first", 1)
    waiting(store, "second", 2)
    found = picked(store)
    assert found
    pacing.put_back(store, found.message)
    assert picked_id(store) == "first"


def test_no_more_are_on_the_wire_than_allowed(store: Store) -> None:
    narrow = Api(in_flight=1)
    waiting(store, "m", 1)
    waiting(store, "n", 2)
    assert picked(store, narrow)
    assert picked(store, narrow) is None
    pacing.finish_send(store, TOKEN, "m", "answered")
    assert picked(store, narrow)


def test_a_small_body_comes_with_the_message_and_a_big_one_is_left_where_it_is(store: Store) -> None:
    for message_id, body in (("small", b"<p>"), ("none", b""), ("big", b"x" * 100_001), ("gone", None)):
        waiting(store, message_id, 1)
        store.client.hset(store.keys.message(message_id), "body", message_id)
        if body is not None:
            store.client.hset(store.keys.content(message_id), "data", body)

    found = {one.message.id: one.body for _ in range(4) if (one := picked(store, Api(in_flight=8)))}

    assert found == {"small": b"<p>", "none": b"", "big": None, "gone": None}


def test_messages_of_accounts_that_only_others_serve_are_passed_over(store: Store) -> None:
    waiting(store, "theirs", 1, account="beta")
    waiting(store, "ours", 2, account="acme")

    found = picked(store, accounts=["acme"])

    assert found
    assert found.message.id == "ours"
    assert picked(store, accounts=["acme"]) is None
    assert picked(store, accounts=["beta"])
