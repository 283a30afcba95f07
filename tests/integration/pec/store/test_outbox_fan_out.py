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
    fan_out,
    fan_out_all,
    pending,
    publish,
    publish_many,
    state,
    take,
    take_all,
)


def test_a_new_endpoint_gets_what_comes_from_now_on(store: Store) -> None:
    publish(store, "evt_before")
    outbox.ensure(store, ["shop"])
    publish(store, "evt_after")

    assert fan_out(store, [endpoint()]) == ["shop"]

    assert take_all(store) == ["evt_after"]


def test_an_endpoint_that_redis_lost_gets_all_that_came_since(store: Store) -> None:
    publish(store, "evt_since")
    outbox.ensure(store, ["shop"], from_the_first=True)

    assert fan_out(store, [endpoint()]) == ["shop"]

    assert take_all(store) == ["evt_since"]


def test_an_endpoint_that_is_known_keeps_its_place_when_a_worker_registers(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")
    outbox.ensure(store, ["shop", "other"])

    assert fan_out(store, [endpoint("shop"), endpoint("other")]) == ["shop"]


def test_an_endpoint_without_a_group_does_not_keep_others_from_theirs(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")

    assert fan_out(store, [endpoint("unknown"), endpoint("shop")]) == ["shop"]


@pytest.mark.parametrize(
    ("events", "received"),
    [
        (None, ["evt_sent", "evt_expired", "evt_named"]),
        (["message.sent"], ["evt_sent", "evt_named"]),
        (["message.queued"], ["evt_named"]),
        ([], ["evt_named"]),
    ],
)
def test_an_endpoint_gets_its_types_and_what_names_it(
    store: Store, events: list[str] | None, received: list[str]
) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_sent", "message.sent", webhook="other")
    publish(store, "evt_expired", "message.expired")
    publish(store, "evt_named", "message.failed", webhook="shop")

    fan_out_all(store, endpoint(events=events))

    assert pending(store) == len(received)  # the others are acknowledged
    assert sorted(take_all(store)) == sorted(received)


def test_what_is_fanned_out_is_due_now(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")

    fan_out(store, [endpoint()])

    seconds = due(store)
    assert seconds is not None
    assert seconds <= 0


def test_without_a_delivery_nothing_is_due(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")

    assert fan_out(store, [endpoint(events=[])]) == []
    assert due(store) is None


def test_a_dead_endpoint_with_many_events_costs_a_bounded_number_of_deliveries(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, MAX_WAITING + 50)

    while fan_out(store, [endpoint()], limit=300):
        pass

    assert state(store).waiting == MAX_WAITING
    assert state(store).lag == 50


def test_what_waited_in_the_stream_follows_when_there_is_room(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, MAX_WAITING + 1)
    fan_out_all(store, endpoint())

    end(store, DeliveryResult.delivered(take(store)))
    fan_out_all(store, endpoint())

    assert state(store).waiting == MAX_WAITING
    assert state(store).lag == 0


def test_status_comes_in_the_order_asked_also_of_endpoints_that_never_had_an_event(store: Store) -> None:
    assert [one.name for one in outbox.status(store, ["b", "a"])] == ["b", "a"]
    assert outbox.status(store, []) == []

    outbox.ensure(store, ["a"])
    publish(store, "evt_1")

    assert outbox.status(store, ["a"])[0].lag == 1
