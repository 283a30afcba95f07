"""An endpoint that fails five times in a row is probed, and costs its deliveries no attempts."""

from datetime import timedelta

import pytest

from pec.store import outbox
from pec.store.outbox import DeliveryResult
from pec.store.store import Store
from tests.integration.pec.store.deliveries import (
    LONG_SECONDS,
    due,
    end,
    endpoint,
    fail,
    fan_out,
    publish_many,
    state,
    take,
    take_all,
)
from tests.wire import eventually


def test_four_failures_in_a_row_hold_nothing_up(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 10)
    fan_out(store, [endpoint()])
    for _ in range(4):
        end(store, DeliveryResult.retry(take(store), timedelta(hours=1)))

    assert len(take_all(store)) == 6


def open_circuit(store: Store) -> None:
    """Five of ten deliveries failed; five are due, untried."""
    outbox.ensure(store, ["shop"])
    publish_many(store, 10)
    fan_out(store, [endpoint()])
    for _ in range(5):
        end(store, DeliveryResult.retry(take(store), timedelta(hours=1)))


def probe_is_due(store: Store) -> None:
    store.client.hset(store.keys.endpoint("shop"), "probe_at", "1")


def test_after_five_failures_in_a_row_all_wait_without_using_up_attempts(store: Store) -> None:
    open_circuit(store)

    assert take_all(store) == []
    seconds = due(store)
    assert seconds is not None
    assert 3 < seconds <= 5
    assert store.client.hlen(store.keys.tries("shop")) == 5


def test_one_delivery_probes_at_a_time(store: Store) -> None:
    open_circuit(store)
    probe_is_due(store)

    assert len(take_all(store)) == 1
    seconds = due(store)
    assert seconds is not None
    assert seconds > LONG_SECONDS - 10  # when the probe's lease ends


def test_a_probe_whose_worker_died_is_followed_by_another(store: Store) -> None:
    open_circuit(store)
    probe_is_due(store)

    take(store, lease_seconds=0.05)

    eventually(lambda: len(take_all(store)) == 1)


def test_what_was_on_its_way_when_it_opened_lengthens_no_wait(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 10)
    fan_out(store, [endpoint()])
    on_their_way = [take(store) for _ in range(9)]

    for delivery in on_their_way:
        end(store, DeliveryResult.retry(delivery, timedelta(hours=1)))

    seconds = due(store)
    assert seconds is not None
    assert seconds <= 5
    assert state(store).failures == 5


@pytest.mark.parametrize(("failed_probes", "seconds"), [(1, 10), (2, 20), (5, 160), (6, 300), (9, 300)])
def test_probes_come_further_apart_up_to_five_minutes(
    store: Store, failed_probes: int, seconds: float
) -> None:
    open_circuit(store)

    fail(store, failed_probes)

    assert take_all(store) == []
    wait = due(store)
    assert wait is not None
    assert seconds - 3 < wait <= seconds


def test_the_first_success_opens_it_for_all(store: Store) -> None:
    open_circuit(store)
    probe_is_due(store)

    end(store, DeliveryResult.delivered(take(store)))

    wait = due(store)
    assert wait is not None
    assert wait <= 0
    assert len(take_all(store)) == 4
    assert state(store).failures == 0
