"""Slots on a real server: their distance, what gives them back, what caps and minutes count."""

import itertools
import threading
import time
from dataclasses import replace

import pytest

from config.settings import Api
from pec.store import pacing
from pec.store.pacing import Slot, TooEarly
from pec.store.store import Store, text_dict
from tests.integration.pec.store import slots
from tests.integration.pec.store.slots import API, TOKEN, bytes_on_disk, reserved

store = slots.store


def test_slots_are_an_interval_apart_however_many_ask(store: Store) -> None:
    slots: list[float] = []

    def ask() -> None:
        given = [pacing.reserve_send(store, TOKEN, API) for _ in range(40)]
        slots.extend(slot.at for slot in given if isinstance(slot, Slot))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots.sort()
    assert len(slots) > 2
    assert min(b - a for a, b in itertools.pairwise(slots)) >= 1 / 50 - 2e-6


def test_no_slot_is_given_more_than_two_intervals_ahead(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    given = [pacing.reserve_send(store, TOKEN, slow) for _ in range(4)]
    assert [type(one) for one in given] == [Slot, Slot, TooEarly, TooEarly]


def test_short_intervals_give_slots_as_far_ahead_as_threads_get_ready(store: Store) -> None:
    last = reserved(store)
    while isinstance(given := pacing.reserve_send(store, TOKEN, API), Slot):
        last = given

    furthest = pacing.MIN_AHEAD_SECONDS + 2e-6
    assert furthest - 1 / 50 < last.at - last.said_at <= furthest, "the next one lay too far ahead"


def test_the_first_slot_on_a_server_waits_out_one_interval(store: Store) -> None:
    slot = pacing.reserve_send(store, TOKEN, Api(rate=0.5, margin_seconds=0))
    assert isinstance(slot, Slot)
    assert slot.at - slot.said_at == pytest.approx(2.0)


def test_another_server_gives_no_slot_where_the_last_one_may_have_given_some(store: Store) -> None:
    """A failover: what was reserved a moment ago is not known here."""
    slow = Api(rate=0.5, margin_seconds=0)
    pacing.reserve_send(store, TOKEN, slow)
    store.client.hset(store.keys.limiter(TOKEN), mapping={"run": "0" * 40, "tat": 0, "not_before": 0})

    early = pacing.reserve_send(store, TOKEN, slow)

    assert isinstance(early, TooEarly)
    assert early.wait_seconds == pytest.approx(6.0), "an interval after the last that may be given"


def test_a_read_needs_no_such_distance(store: Store) -> None:
    """A send that waits for a read is put off for long, as every send after a restore does."""
    pacing.reserve_read(store, TOKEN, API)
    store.client.hset(store.keys.reads(TOKEN), mapping={"run": "0" * 40, "tat": 0, "not_before": 0})

    assert isinstance(pacing.reserve_read(store, TOKEN, API), Slot)


def test_a_read_that_yields_takes_no_slot_that_others_have(store: Store) -> None:
    """Slots lie up to two seconds ahead: to one that looks less far, that is no clock that was set back."""
    api = Api(read_rate=10)
    given = [pacing.reserve_read(store, TOKEN, api) for _ in range(10)]
    last = max(slot.at for slot in given if isinstance(slot, Slot))

    yielding = pacing.reserve_read(store, TOKEN, api, ahead_seconds=0.1)
    following = pacing.reserve_read(store, TOKEN, api)

    assert isinstance(yielding, TooEarly)
    assert isinstance(following, Slot)
    assert following.at == pytest.approx(last + 0.1, abs=0.001)


def test_a_read_is_written_to_the_disk_only_if_its_slot_lies_ahead(store: Store) -> None:
    begins, before = float("inf"), 0
    for _ in range(500):  # the first ones wait for the interval after a server's start
        time.sleep(0.002)  # longer than an interval, or a fast machine never finds a slot that begins now
        before = bytes_on_disk(store)
        slot = pacing.reserve_read(store, TOKEN, Api(read_rate=1000))
        begins = slot.at - slot.said_at if isinstance(slot, Slot) else slot.wait_seconds
        if begins <= 0:
            break
    assert begins <= 0
    assert bytes_on_disk(store) == before

    given = [pacing.reserve_read(store, TOKEN, Api(read_rate=1)) for _ in range(2)]
    assert all(isinstance(one, Slot) for one in given)
    assert bytes_on_disk(store) > before


def test_a_slot_given_back_is_given_again(store: Store) -> None:
    slow = Api(rate=0.1, margin_seconds=0)
    slot = pacing.reserve_send(store, TOKEN, slow)
    assert isinstance(slot, Slot)
    pacing.release_slot(store, TOKEN, slot)
    again = pacing.reserve_send(store, TOKEN, slow)
    assert isinstance(again, Slot)
    assert again.at == pytest.approx(slot.at, abs=5)  # the next slot is 10 s later


def test_a_slot_given_back_twice_because_the_reply_was_lost_is_taken_off_the_caps_once(store: Store) -> None:
    slots = [reserved(store) for _ in range(3)]
    assert pacing.usage(store, TOKEN) == pacing.Usage(3, 3)

    for slot in (slots[2], slots[1], slots[2]):
        pacing.release_slot(store, TOKEN, slot)
    assert pacing.usage(store, TOKEN) == pacing.Usage(1, 1)

    for _ in range(2):
        pacing.refund_send(store, TOKEN, slots[0])
    again = reserved(store)
    same_or_now = max(slots[1].at, again.said_at)
    assert again.at == pytest.approx(same_or_now, abs=2e-6), "the same slot, of another holder"
    pacing.release_slot(store, TOKEN, again)
    assert pacing.usage(store, TOKEN) == pacing.Usage(0, 0)


def test_a_slot_of_yesterday_given_back_is_not_taken_off_the_caps_of_today(store: Store) -> None:
    slot = reserved(store)
    yesterday = replace(slot, at=slot.at - 86_400, id="another")
    last_month = replace(slot, at=slot.at - 32 * 86_400, id="one more")

    pacing.release_slot(store, TOKEN, yesterday)
    pacing.release_slot(store, TOKEN, last_month)

    assert pacing.usage(store, TOKEN).today == 1


@pytest.mark.parametrize("cap", [{"daily_cap": 1}, {"monthly_cap": 1}])
def test_a_cap_ends_sending_for_its_period(store: Store, cap: dict[str, int]) -> None:
    capped = Api(rate=50, margin_seconds=0, **cap)
    assert isinstance(pacing.reserve_send(store, TOKEN, capped), Slot)
    assert isinstance(pacing.reserve_send(store, TOKEN, capped), TooEarly)


@pytest.mark.parametrize("cap", [{"daily_cap": 5}, {}])
def test_the_slots_of_each_minute_are_counted_without_those_given_back(
    store: Store, cap: dict[str, int]
) -> None:
    api = Api(rate=1, margin_seconds=0, **cap)
    given = [pacing.reserve_send(store, TOKEN, api) for _ in range(3)]
    slots = [slot for slot in given if isinstance(slot, Slot)]  # no third is so near
    minutes = {int(slot.at // 60) for slot in slots}
    assert sum(sends_in(store, minute) for minute in minutes) == 2

    pacing.release_slot(store, TOKEN, slots[-1])
    assert sum(sends_in(store, minute) for minute in minutes) == 1
    assert pacing.usage(store, TOKEN).today == 1


def sends_in(store: Store, minute: int) -> int:
    limiter = text_dict(store.client.hgetall(store.keys.limiter(TOKEN)))
    return pacing.sends_last_minute(limiter, (minute + 1) * 60 + 30)


def test_slots_up_to_two_minutes_ahead_leave_the_last_minute_s_count_alone(store: Store) -> None:
    slow = Api(rate=1 / 60, margin_seconds=0)
    given = [pacing.reserve_send(store, TOKEN, slow) for _ in range(3)]
    minutes = [int(slot.at // 60) for slot in given if isinstance(slot, Slot)]
    assert len(minutes) == 2
    assert [sends_in(store, minute) for minute in minutes] == [1, 1]


def test_a_count_of_another_hour_is_not_taken_for_the_last_minute_s(store: Store) -> None:
    assert pacing.sends_last_minute({"minute1": "29400001 58"}, 29400002 * 60) == 58
    assert pacing.sends_last_minute({"minute1": "29400001 58"}, 29400006 * 60) == 0
    assert pacing.sends_last_minute({}, 29400002 * 60) == 0


def test_a_refused_request_uses_its_slot_but_no_cap_counts_it(store: Store) -> None:
    first = pacing.reserve_send(store, TOKEN, API)
    while isinstance(first, TooEarly):
        first = pacing.reserve_send(store, TOKEN, API)
    assert pacing.usage(store, TOKEN) == pacing.Usage(1, 1)

    pacing.refund_send(store, TOKEN, first)

    assert pacing.usage(store, TOKEN) == pacing.Usage(0, 0)
    following = pacing.reserve_send(store, TOKEN, API)
    assert isinstance(following, TooEarly) or following.at >= first.at + pacing.interval_seconds(API) - 1e-6
