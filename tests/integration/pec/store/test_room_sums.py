"""A pick admits a message by the sum of what is used, what is to come, and what has come since."""

from pec.names import Queue
from pec.store import room
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.integration.pec.store.rooms import EACH, delivered, now, pick, queued, sent
from tests.integration.pec.store.slots import API, note_quota, picked

store = slots.store
TO = "x@pec.example"


def test_what_the_quota_showed_as_used_is_not_free(store: Store) -> None:
    note_quota(store, used=9 * EACH, limit=10 * EACH)
    queued(store, "m")

    assert pick(store) is None


def test_receipts_that_came_since_the_last_reading_take_room(store: Store) -> None:
    note_quota(store, limit=3 * EACH)
    for number in range(3):
        queued(store, f"m{number}", number)
    first = pick(store)
    assert first
    delivered(store, sent(store, first), TO)
    assert (now(store).expected, now(store).uncounted) == (0, EACH)

    assert pick(store)
    assert pick(store) is None, "used, expected and arrived would be more than 2850"


def test_a_reading_that_may_not_have_seen_what_came_ends_no_wait(store: Store) -> None:
    note_quota(store, limit=1500)
    queued(store, "m")
    queued(store, "n", 2)
    first = pick(store)
    assert first
    assert pick(store) is None
    asked = room.arrived(store, "acme")
    delivered(store, sent(store, first), TO)

    room.note_reading(store, "acme", 0, 1500, 0.95, asked)

    assert now(store).waits_since


def test_no_more_are_picked_than_may_be_on_the_wire(store: Store) -> None:
    two = API.model_copy(update={"in_flight": 2})
    for number in range(3):
        queued(store, f"m{number}", number)

    assert [bool(picked(store, two)) for _ in range(3)] == [True, True, False]


def test_an_earlier_reading_of_the_quota_is_not_put_off(store: Store) -> None:
    note_quota(store, limit=50_000)
    queued(store, "m", room=3 * EACH)
    first = pick(store)
    assert first
    store.client.zadd(store.keys.due(Queue.QUOTA), {"acme": 1})

    delivered(store, sent(store, first), TO)

    assert store.client.zscore(store.keys.due(Queue.QUOTA), "acme") == 1
