"""A delivery is under one lease at a time, until it ends."""

import json
import threading
from datetime import timedelta

import pytest

from pec.store import dead_letters, outbox
from pec.store.outbox import DeliveryResult
from pec.store.store import Store
from tests.integration.pec.store.deliveries import (
    LONG_SECONDS,
    REFUSED,
    due,
    end,
    endpoint,
    fail,
    fan_out,
    give_up,
    make_due,
    pending,
    publish,
    publish_many,
    publish_one,
    state,
    take,
    take_after_time,
    take_all,
    take_due,
    waiting,
)
from tests.wire import eventually

# Leases


def test_a_delivery_carries_the_event_and_how_often_it_was_tried(store: Store) -> None:
    entry = publish_one(store)

    taken = take(store)

    assert (taken.id, taken.event_id, taken.type, taken.tries) == (entry, "evt_1", "message.sent", 0)
    assert json.loads(taken.event) == {"type": "message.sent"}


def test_under_a_lease_no_other_worker_gets_it(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 200)
    fan_out(store, [endpoint()])
    taken: list[str] = []

    threads = [threading.Thread(target=lambda: taken.extend(take_all(store))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(f"evt_{number}" for number in range(200))


def test_what_a_dead_worker_had_comes_back_when_its_lease_ends(store: Store) -> None:
    publish_one(store)

    take(store, lease_seconds=0.05)

    seconds = due(store)
    assert seconds is not None
    assert seconds < 0.05  # the schedule knows, without anybody's doing
    eventually(lambda: take_all(store) == ["evt_1"])


def test_while_more_is_due_the_endpoint_is_due_for_others_too(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 2)
    fan_out(store, [endpoint()])

    take(store)

    seconds = due(store)
    assert seconds is not None
    assert seconds <= 0


def test_a_worker_that_lost_the_lease_does_not_count_a_failure(store: Store) -> None:
    publish_one(store)
    late = take(store)
    make_due(store)
    other = take(store)

    end(store, DeliveryResult.retry(late, timedelta(0)))
    give_up(store, late, REFUSED)
    end(store, DeliveryResult.gone(late))

    assert state(store) == outbox.EndpointState("shop", 0, False, waiting=1, lag=0, dead=0)
    end(store, DeliveryResult.delivered(other))
    assert waiting(store) == []


def test_a_worker_that_lost_the_lease_can_still_say_that_it_was_delivered(store: Store) -> None:
    publish_one(store)
    late = take(store)
    make_due(store)
    other = take(store)

    end(store, DeliveryResult.delivered(late))
    end(store, DeliveryResult.retry(other, timedelta(0)))

    assert waiting(store) == []
    assert pending(store) == 0


# Ends


def test_what_was_delivered_is_gone_for_good(store: Store) -> None:
    publish_one(store)
    fail(store, 1)

    make_due(store)
    end(store, DeliveryResult.delivered(take(store)))

    assert take_all(store) == []
    assert due(store) is None
    assert pending(store) == 0
    assert state(store) == outbox.EndpointState("shop", 0, False, waiting=0, lag=0, dead=0)
    assert not store.client.exists(store.keys.tries("shop"))


def test_a_failure_is_due_again_after_its_wait(store: Store) -> None:
    publish_one(store)

    end(store, DeliveryResult.retry(take(store), timedelta(seconds=50)))

    seconds = due(store)
    assert seconds is not None
    assert 40 < seconds <= 50
    assert take_all(store) == []
    make_due(store)
    assert take(store).tries == 1


def test_settling_again_changes_nothing(store: Store) -> None:
    """redis-py says a script again when its answer is lost."""
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")
    publish(store, "evt_2")
    fan_out(store, [endpoint()])
    failed, given_up = take(store), take(store)

    for _ in range(2):
        end(store, DeliveryResult.retry(failed, timedelta(hours=1)))
        give_up(store, given_up, REFUSED)

    assert (state(store).failures, state(store).dead, len(dead_letters.newest(store))) == (2, 1, 1)
    make_due(store)
    assert take(store).tries == 1


def test_the_bad_news_of_one_endpoint_is_not_another_s(store: Store) -> None:
    publish_one(store, "shop", "other")

    fail(store, 5, "shop")
    end(store, DeliveryResult.gone(take_after_time(store, "shop")))

    assert take_all(store, "other") == ["evt_1"]


def test_a_delivery_whose_event_was_trimmed_by_hand_does_not_block_the_rest(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish(store, "evt_1")
    last = publish(store, "evt_2")
    fan_out(store, [endpoint()])
    store.client.xtrim(store.keys.events, minid=last, approximate=False)

    assert take_all(store) == ["evt_2"]
    assert pending(store) == 1


# 410


def test_410_stops_everything_until_an_operator_says_otherwise(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 2)
    fan_out(store, [endpoint()])

    end(store, DeliveryResult.gone(take(store)))

    assert state(store).disabled
    assert due(store) is None
    assert take_all(store) == []
    publish(store, "evt_new")
    fan_out(store, [endpoint()])
    assert take_all(store) == []
    assert due(store) is None

    outbox.enable(store, "shop")

    assert not state(store).disabled
    assert sorted(take_all(store)) == ["evt_0", "evt_1", "evt_new"]


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_an_endpoint_that_is_enabled_gets_what_waits_for_a_retry(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(outbox, "_HASTENED_AT_ONCE", at_once)
    outbox.ensure(store, ["shop"])
    publish_many(store, 3)
    fan_out(store, [endpoint()])
    for taken in take_due(store):
        end(store, DeliveryResult.retry(taken, timedelta(hours=1)))
    assert take_all(store) == []

    outbox.enable(store, "shop")

    assert (due(store) or 0) <= 0
    assert take_all(store) == ["evt_0", "evt_1", "evt_2"]


@pytest.mark.parametrize("lease_seconds", [LONG_SECONDS, 3 * LONG_SECONDS])
def test_what_is_being_tried_when_an_endpoint_is_enabled_is_tried_once(
    store: Store, lease_seconds: float
) -> None:
    publish_one(store)
    taken = take(store, lease_seconds=lease_seconds)

    outbox.enable(store, "shop")

    assert take_all(store) == []
    end(store, DeliveryResult.delivered(taken))
    assert waiting(store) == []


def test_the_longest_lease_of_an_endpoint_s_workers_counts(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    publish_many(store, 2)
    fan_out(store, [endpoint()])
    take(store, lease_seconds=3 * LONG_SECONDS)
    take(store, lease_seconds=LONG_SECONDS)

    outbox.enable(store, "shop")

    assert take_all(store) == []


def test_what_a_worker_of_an_older_version_tries_is_tried_once(store: Store) -> None:
    publish_one(store)
    take(store, lease_seconds=LONG_SECONDS)
    store.client.hdel(store.keys.endpoint("shop"), "lease_us")

    outbox.enable(store, "shop")

    assert take_all(store) == []


def test_410_uses_up_no_attempt(store: Store) -> None:
    publish_one(store)

    end(store, DeliveryResult.gone(take(store)))
    outbox.enable(store, "shop")

    assert take(store).tries == 0
