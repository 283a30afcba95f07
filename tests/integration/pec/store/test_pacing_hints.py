"""Hints: as many as can be sent, when they are of use."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from config.settings import Api
from pec.names import Queue
from pec.store import pacing
from pec.store.dispatch import Dispatched, DispatchRequest, HintRules, dispatch
from pec.store.pacing import Slot
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.integration.pec.store.slots import API, PICK_LEASE_SECONDS, TOKEN, waiting

store = slots.store


def hints(
    store: Store, accounts: Sequence[str] = ("acme", "beta"), api: Api = API, *, others_attend: bool = False
) -> Dispatched:
    rules = HintRules(pacing.interval_seconds(api), api.places, 5, 10, PICK_LEASE_SECONDS)
    return dispatch(
        store, DispatchRequest(tokens={TOKEN: accounts}, hints=rules, others_attend=others_attend)
    )


def test_hints_are_as_many_as_the_messages_and_no_more(store: Store) -> None:
    waiting(store, "m", 1)
    assert len(hints(store).hints) == 1
    assert hints(store).hints == []


def test_the_time_of_the_next_hint_is_reported(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    for number in range(3):
        waiting(store, f"m{number}", number)

    found = hints(store, api=slow)

    assert len(found.hints) == 1
    assert found.wait_seconds == pytest.approx(5, abs=0.5)  # the next slot is in 10 s, and has a lead of 5 s
    assert hints(store, api=slow).wait_seconds == pytest.approx(5, abs=0.5)


def test_the_time_of_a_hint_that_another_attends_to_is_not_reported(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    for number in range(3):
        waiting(store, f"m{number}", number)

    assert hints(store, api=slow, others_attend=True).attended == {TOKEN: pytest.approx(5, abs=0.5)}
    found = hints(store, api=slow, others_attend=True)
    assert found.attended == {}
    assert found.wait_seconds == math.inf
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})
    assert hints(store, api=slow, others_attend=True).attended, "none came for it in time"


def test_a_worker_whose_hint_no_thread_took_leaves_the_next_to_another(store: Store) -> None:
    """All its threads are busy. The other looks at its turn."""
    waiting(store, "m", 1)
    rules = HintRules(pacing.interval_seconds(API), API.places, 5, 0.001, PICK_LEASE_SECONDS)
    request = DispatchRequest(tokens={TOKEN: ["acme"]}, hints=rules, others_attend=True)
    assert dispatch(store, request).hints
    time.sleep(0.01)  # the lease of the hint

    busy = dispatch(store, replace(request, attends=[TOKEN]))
    other = dispatch(store, request)

    assert busy.hints == []
    assert busy.attended == {}
    assert other.hints


def test_a_message_in_preparation_counts_for_the_slot_that_it_will_take(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pacing.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    found = hints(store, api=slow)

    assert found.hints == []
    assert found.wait_seconds == pytest.approx(5, abs=0.5)


def test_a_preparation_that_takes_longer_than_an_interval_holds_the_next_hint_up_no_more(
    store: Store,
) -> None:
    slow = Api(rate=0.15, margin_seconds=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pacing.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    picked_at = store.now() - 7
    store.client.zadd(store.keys.in_flight(TOKEN), {"m0": (picked_at + PICK_LEASE_SECONDS) * 1e6})
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    assert len(hints(store, api=slow).hints) == 1


def test_a_message_whose_slot_is_reserved_is_not_counted_twice(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pacing.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    assert isinstance(pacing.reserve_send(store, TOKEN, slow), Slot)  # in 10 s, as the first on a server
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    assert hints(store, api=slow).wait_seconds == pytest.approx(15, abs=0.5)


def test_a_server_whose_clock_was_set_back_gives_hints_at_once(store: Store) -> None:
    """`reserve` mends the rest, once a worker calls it."""
    waiting(store, "m", 1)
    in_an_hour = round((store.now() + 3600) * 1e6)
    store.client.hset(store.keys.limiter(TOKEN), "tat", str(in_an_hour))

    assert len(hints(store).hints) == 1


def test_no_time_is_reported_where_nothing_waits(store: Store) -> None:
    assert hints(store).wait_seconds == math.inf


def test_no_hint_is_given_for_accounts_that_only_others_serve(store: Store) -> None:
    waiting(store, "m", 1, account="beta")

    found = hints(store, ["acme", "bet"])
    assert found.hints == []
    assert found.wait_seconds == math.inf  # else this process would look again and again
    assert len(hints(store, ["beta"]).hints) == 1
