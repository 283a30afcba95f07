"""Which events an endpoint gets, and how many wait for it at most."""

import pytest

from pec.store import outbox
from pec.store.dispatch import MAX_WAITING
from pec.store.outbox import DeliveryResult
from pec.store.store import Store
from tests.integration.pec.store.deliveries import (
    due,
    end,
    endpoint,
    feed_all,
    pending,
    state,
    take,
    take_all,
    tell,
    tell_many,
)


def test_a_new_endpoint_hears_what_comes_from_now_on(store: Store) -> None:
    tell(store, "evt_before")
    outbox.ensure(store, ["shop"])
    tell(store, "evt_after")

    assert outbox.fan_out(store, [endpoint()]) == ["shop"]

    assert take_all(store) == ["evt_after"]


def test_an_endpoint_that_redis_lost_hears_all_that_came_since(store: Store) -> None:
    tell(store, "evt_since")
    outbox.ensure(store, ["shop"], from_the_first=True)

    assert outbox.fan_out(store, [endpoint()]) == ["shop"]

    assert take_all(store) == ["evt_since"]


def test_an_endpoint_that_is_known_keeps_its_place_when_a_worker_registers(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.ensure(store, ["shop", "other"])

    assert outbox.fan_out(store, [endpoint("shop"), endpoint("other")]) == ["shop"]


def test_an_endpoint_without_a_group_does_not_keep_others_from_theirs(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")

    assert outbox.fan_out(store, [endpoint("unknown"), endpoint("shop")]) == ["shop"]


@pytest.mark.parametrize(
    ("events", "heard"),
    [
        (None, ["evt_sent", "evt_expired", "evt_named"]),
        (["message.sent"], ["evt_sent", "evt_named"]),
        (["message.queued"], ["evt_named"]),
        ([], ["evt_named"]),
    ],
)
def test_an_endpoint_hears_its_types_and_what_names_it(
    store: Store, events: list[str] | None, heard: list[str]
) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_sent", "message.sent", webhook="other")
    tell(store, "evt_expired", "message.expired")
    tell(store, "evt_named", "message.failed", webhook="shop")

    feed_all(store, endpoint(events=events))

    assert pending(store) == len(heard)  # the others are acknowledged
    assert sorted(take_all(store)) == sorted(heard)


def test_what_is_fed_is_due_now(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")

    outbox.fan_out(store, [endpoint()])

    seconds = due(store)
    assert seconds is not None
    assert seconds <= 0


def test_where_nothing_is_heard_nothing_is_due(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")

    assert outbox.fan_out(store, [endpoint(events=[])]) == []
    assert due(store) is None


def test_a_dead_endpoint_with_many_events_costs_a_bounded_number_of_deliveries(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell_many(store, MAX_WAITING + 50)

    while outbox.fan_out(store, [endpoint()], limit=300):
        pass

    assert state(store).waiting == MAX_WAITING
    assert state(store).lag == 50


def test_what_waited_in_the_stream_follows_when_there_is_room(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell_many(store, MAX_WAITING + 1)
    feed_all(store, endpoint())

    end(store, DeliveryResult.delivered(take(store)))
    feed_all(store, endpoint())

    assert state(store).waiting == MAX_WAITING
    assert state(store).lag == 0


def test_status_is_told_in_the_order_asked_also_of_endpoints_that_never_had_an_event(store: Store) -> None:
    assert [one.name for one in outbox.status(store, ["b", "a"])] == ["b", "a"]
    assert outbox.status(store, []) == []

    outbox.ensure(store, ["a"])
    tell(store, "evt_1")

    assert outbox.status(store, ["a"])[0].lag == 1
