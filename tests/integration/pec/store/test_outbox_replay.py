"""Events of the past are delivered again when an operator asks for it."""

from datetime import UTC, datetime

import pytest

from pec.store import outbox
from pec.store.outbox import DeliveryResult
from pec.store.store import Store
from tests.integration.pec.store.deliveries import (
    end,
    endpoint,
    fan_out,
    fan_out_all,
    pending,
    publish,
    take,
    take_all,
    take_due,
    waiting,
)


def test_events_since_an_instant_are_delivered_again_with_the_same_ids(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    for second in (1000, 2000, 3000):
        publish(store, f"evt_{second}", at=f"{second}000-0")
    fan_out_all(store, endpoint())
    for taken in take_due(store):
        end(store, DeliveryResult.delivered(taken))

    assert outbox.replay_since(store, "shop", datetime.fromtimestamp(2000, UTC))

    fan_out_all(store, endpoint())
    assert take_all(store) == ["evt_2000", "evt_3000"]


def test_what_is_being_tried_is_not_disturbed_by_a_replay(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1", at="1000000-0")
    fan_out(store, [endpoint()])
    taken = take(store)

    outbox.replay_since(store, "shop", datetime.fromtimestamp(0, UTC))
    fan_out(store, [endpoint()])

    assert take_all(store) == []
    end(store, DeliveryResult.delivered(taken))
    assert (waiting(store), pending(store)) == ([], 0)


def test_a_replay_never_skips_what_has_not_been_delivered_yet(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1", at="1000000-0")

    assert not outbox.replay_since(store, "shop", datetime.now(UTC))

    fan_out_all(store, endpoint())
    assert take_all(store) == ["evt_1"]


def test_an_endpoint_that_no_worker_had_cannot_be_replayed(store: Store) -> None:
    with pytest.raises(LookupError, match="nobody"):
        outbox.replay_since(store, "nobody", datetime.now(UTC))
