"""The stream is trimmed by age, never past what an endpoint has still to get."""

from typing import Any

import pytest

from pec.store import outbox
from pec.store.outbox import DeliveryResult
from pec.store.store import Store, text
from tests.integration.pec.store.deliveries import (
    end,
    endpoint,
    fan_out_all,
    make_due,
    publish,
    take,
    take_all,
)


def beat(store: Store, name: str, days_ago: float = 0) -> None:
    store.client.zadd(store.keys.seen("endpoint"), {name: store.now() - days_ago * 86_400})


def tell_of_old(store: Store, *days: float) -> None:
    for number, ago in enumerate(days):
        publish(store, f"evt_{number}", at=f"{int((store.now() - ago * 86_400) * 1000)}-{number}")


def left(store: Store) -> list[str]:
    entries: Any = store.client.xrange(store.keys.events)
    return [text(fields[b"id"]) for _, fields in entries]


def test_old_events_that_no_endpoint_waits_for_go(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    beat(store, "shop")
    tell_of_old(store, 100, 95, 10)
    fan_out_all(store, endpoint(events=[]))

    assert outbox.trim(store, 90) == 2
    assert left(store) == ["evt_2"]


def test_events_that_an_endpoint_has_not_got_stay(store: Store) -> None:
    outbox.ensure(store, ["shop", "other"])
    beat(store, "shop")
    beat(store, "other")
    tell_of_old(store, 100, 95, 10)
    fan_out_all(store, endpoint("shop", events=[]))

    outbox.trim(store, 90)

    assert left(store) == ["evt_0", "evt_1", "evt_2"]


def test_events_that_are_still_to_be_delivered_stay(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    beat(store, "shop")
    tell_of_old(store, 100, 99, 98, 10)
    fan_out_all(store, endpoint())
    make_due(store)
    end(store, DeliveryResult.delivered(take(store)))

    outbox.trim(store, 90)

    assert left(store) == ["evt_1", "evt_2", "evt_3"]
    make_due(store)
    assert sorted(take_all(store)) == ["evt_1", "evt_2", "evt_3"]


@pytest.mark.parametrize(("days_ago", "kept"), [(29, 1), (31, 0)])
def test_an_endpoint_that_no_worker_knows_any_more_is_waited_for_30_days(
    store: Store, days_ago: float, kept: int
) -> None:
    outbox.ensure(store, ["shop"])
    beat(store, "shop", days_ago)
    tell_of_old(store, 100)

    outbox.trim(store, 90)

    assert len(left(store)) == kept


def test_without_endpoints_events_go_by_age_alone(store: Store) -> None:
    tell_of_old(store, 100, 10)

    assert outbox.trim(store, 90) == 1


def test_trimming_nothing_is_no_error(store: Store) -> None:
    assert outbox.trim(store, 90) == 0
