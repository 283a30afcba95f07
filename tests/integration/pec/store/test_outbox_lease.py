"""A worker's lease at an endpoint, in steps: each stores the results of the last one and takes what is next."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from pec.store import outbox
from pec.store.dispatch import DispatchRequest
from pec.store.outbox import Delivery, DeliveryLease, DeliveryResult
from pec.store.store import Store
from tests.integration.pec.store.deliveries import (
    LONG_SECONDS,
    due,
    end,
    endpoint,
    fan_out,
    make_due,
    pending,
    publish,
    publish_many,
    state,
    take,
    take_all,
    waiting,
)
from tests.wire import eventually


def a_lease(store: Store, events: int) -> DeliveryLease:
    """Return a lease at an endpoint for which so many deliveries are due."""
    outbox.ensure(store, ["shop"])
    publish_many(store, events)
    fan_out(store, [endpoint()])
    return DeliveryLease("shop", LONG_SECONDS)


def ids(taken: list[Delivery]) -> list[str]:
    return [one.event_id for one in taken]


def refused(delivery: Delivery) -> DeliveryResult:
    return DeliveryResult.retry(delivery, timedelta(0))


def test_a_step_feeds_its_endpoint_with_the_events_that_it_wants(store: Store) -> None:
    lease = a_lease(store, 1)
    publish(store, "evt_other", kind="message.queued")
    publish(store, "evt_wanted")

    taken = outbox.lease(store, lease, 5, feed=endpoint(events=["message.sent"]))

    assert ids(taken) == ["evt_0", "evt_wanted"]
    assert pending(store) == 2


def test_a_feed_that_fails_keeps_no_delivery_from_being_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = a_lease(store, 1)
    monkeypatch.setattr(DispatchRequest, "to_json", lambda _: "no JSON")

    with capture_logs() as lines:
        taken = outbox.lease(store, lease, 1, feed=endpoint())

    assert ids(taken) == ["evt_0"]
    assert [line["event"] for line in lines] == ["endpoint_not_fed"]


def test_a_step_that_fails_is_an_error(store: Store) -> None:
    store.client.set("pec:deliveries:shop", "no sorted set")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        outbox.lease(store, DeliveryLease("shop", LONG_SECONDS), 1)


def test_a_step_ends_what_was_delivered_and_takes_what_is_next(store: Store) -> None:
    lease = a_lease(store, 5)

    first = outbox.lease(store, lease, 3)
    second = outbox.lease(store, lease, 3, [DeliveryResult.delivered(one) for one in first])

    assert (ids(first), ids(second)) == (["evt_0", "evt_1", "evt_2"], ["evt_3", "evt_4"])
    assert outbox.lease(store, lease, 3, [DeliveryResult.delivered(one) for one in second]) == []
    assert (waiting(store), pending(store), due(store)) == ([], 0, None)
    assert list(store.client.scan_iter("pec:lease:*")) == []


def test_a_step_that_is_repeated_returns_again_what_it_took(store: Store) -> None:
    """redis-py calls a script again when its answer is lost: nothing may stay under a lease that no worker knows."""
    lease = a_lease(store, 5)

    first = outbox.lease(store, lease, 2)
    assert outbox.lease(store, lease, 2) == first

    delivered = [DeliveryResult.delivered(one) for one in first]
    second = outbox.lease(store, lease, 2, delivered)
    assert outbox.lease(store, lease, 2, delivered) == second

    assert ids(second) == ["evt_2", "evt_3"]
    assert take_all(store) == ["evt_4"]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_failure_that_is_repeated_is_counted_once_even_when_it_is_due_at_once(
    store: Store, limit: int
) -> None:
    lease = a_lease(store, 1)
    results = [refused(one) for one in outbox.lease(store, lease, 1)]

    outbox.lease(store, lease, limit, results)
    outbox.lease(store, lease, limit, results)

    assert state(store).failures == 1
    make_due(store)
    assert take(store).tries == 1


def test_what_was_taken_comes_back_whole_when_the_worker_dies(store: Store) -> None:
    a_lease(store, 3)

    assert len(outbox.lease(store, DeliveryLease("shop", 0.05), 3)) == 3

    seconds = due(store)
    assert seconds is not None
    assert seconds < 0.05
    found: list[str] = []
    eventually(lambda: found.extend(take_all(store)) or len(found) == 3)  # type: ignore[func-returns-value]


def test_a_lease_lost_in_a_step_ends_nothing_and_the_lease_goes_on(store: Store) -> None:
    lease = a_lease(store, 2)
    (late,) = outbox.lease(store, lease, 1)
    make_due(store)
    other = take(store)
    assert other.id == late.id

    taken = outbox.lease(store, lease, 2, [refused(late)])

    assert ids(taken) == ["evt_1"]
    assert state(store).failures == 0
    end(store, DeliveryResult.delivered(other))
    assert waiting(store) == [taken[0].id]


def test_after_a_failure_they_are_taken_one_by_one_until_one_is_delivered(store: Store) -> None:
    lease = a_lease(store, 6)
    first, *rest = outbox.lease(store, lease, 3)

    failed = DeliveryResult.retry(first, timedelta(hours=1))
    one = outbox.lease(store, lease, 3, [failed, *(DeliveryResult.untried(untried) for untried in rest)])
    again = outbox.lease(store, lease, 3, [DeliveryResult.delivered(delivery) for delivery in one])

    assert (len(one), len(again)) == (1, 3)


def test_what_is_given_back_is_due_at_once_and_has_used_up_no_attempt(store: Store) -> None:
    lease = a_lease(store, 2)
    delivered, untried = outbox.lease(store, lease, 2)

    end(store, DeliveryResult.delivered(delivered), DeliveryResult.untried(untried))

    again = take(store)
    assert (again.id, again.tries) == (untried.id, 0)
    assert state(store).failures == 0


def test_a_410_leaves_the_rest_of_what_was_taken_untried(store: Store) -> None:
    lease = a_lease(store, 3)
    gone, *rest = outbox.lease(store, lease, 3)

    results = [DeliveryResult.gone(gone), *(DeliveryResult.untried(untried) for untried in rest)]
    assert outbox.lease(store, lease, 3, results) == []

    assert (state(store).disabled, state(store).waiting, due(store)) == (True, 3, None)
    outbox.enable(store, "shop")
    assert len(take_all(store)) == 3


def test_while_a_lease_goes_on_another_worker_is_called_only_after_a_moment(store: Store) -> None:
    lease = a_lease(store, 2)
    store.client.zadd("pec:due:webhook", {"shop": store.now() + 60})  # as the scheduler does

    before = store.now()
    taken = outbox.lease(store, lease, 1)
    after = store.now()

    at: Any = store.client.zscore("pec:due:webhook", "shop")
    assert before < at <= after + 0.25
    end(store, DeliveryResult.delivered(taken[0]))
    seconds = due(store)
    assert seconds is not None
    assert seconds <= 0  # it is over, and leaves one


def test_a_lease_that_goes_on_does_not_put_off_the_call_of_another_worker(store: Store) -> None:
    lease = a_lease(store, 3)
    store.client.zadd("pec:due:webhook", {"shop": store.now() + 60})
    taken = outbox.lease(store, lease, 1)
    called_at = store.client.zscore("pec:due:webhook", "shop")

    outbox.lease(store, lease, 1, [DeliveryResult.delivered(taken[0])])

    assert store.client.zscore("pec:due:webhook", "shop") == called_at


def test_new_events_wait_a_moment_for_others_while_some_are_on_their_way(store: Store) -> None:
    lease = a_lease(store, 1)
    seconds = due(store)
    assert seconds is not None
    assert seconds <= 0, "the first is due at once"
    [first] = outbox.lease(store, lease, 1)

    before = store.now()
    publish_many(store, 1)
    fan_out(store, [endpoint()])

    at: Any = store.client.zscore("pec:due:webhook", "shop")
    assert before < at <= store.now() + 0.05
    assert ids(outbox.lease(store, lease, 1, [DeliveryResult.delivered(first)])) == ["evt_0"]
