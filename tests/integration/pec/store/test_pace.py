"""Pace and turns on a real server: slots, caps, lanes, the circuit."""

import itertools
import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis

from config.settings import Api
from pec.intake import enqueued
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.store import accounts, pace, schedule
from pec.store.commits import commit
from pec.store.pace import Hint, Outcome, Picked, Slot, TooEarly
from pec.store.schedule import HandedOut
from pec.store.store import Store, text_dict

TOKEN = "t"
API = Api(rate=50, margin=0)
PICK_LEASE_SECONDS = 60.0
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def store(redis: Redis) -> Store:
    found = Store(redis, "pec")
    for account in ("acme", "beta"):
        accounts.register(found, account, TOKEN)
    return found


def waiting(store: Store, message_id: str, order: int, account: str = "acme", priority: int = 5) -> None:
    message = Message(
        id=message_id,
        account=account,
        recipients=("x@pec.example",),
        subject="s",
        state=State.QUEUED,
        created_at=NOW,
        updated_at=NOW,
        order=order,
        priority=priority,
    )
    commit(store, enqueued(message, NOW))


def picked(store: Store, api: Api = API, accounts: Sequence[str] = ("acme", "beta")) -> Picked | None:
    return pace.pick(store, Hint(TOKEN, "0"), accounts, api, PICK_LEASE_SECONDS)


def picked_id(store: Store) -> str | None:
    found = picked(store)
    if found:
        pace.settle(store, TOKEN, found.message.id, "unused")
    return found.message.id if found else None


def test_slots_are_an_interval_apart_however_many_ask(store: Store) -> None:
    slots: list[float] = []

    def ask() -> None:
        given = [pace.reserve_send(store, TOKEN, API) for _ in range(40)]
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
    slow = Api(rate=0.1, margin=0)
    given = [pace.reserve_send(store, TOKEN, slow) for _ in range(4)]
    assert [type(one) for one in given] == [Slot, Slot, TooEarly, TooEarly]


def test_short_intervals_give_slots_as_far_ahead_as_threads_get_ready(store: Store) -> None:
    given = [pace.reserve_send(store, TOKEN, API) for _ in range(16)]
    slots = [one for one in given if isinstance(one, Slot)]
    assert 9 <= len(slots) <= 14
    assert slots[-1].at - slots[-1].said_at == pytest.approx(pace.LEAST_AHEAD_SECONDS, abs=1 / 50)


def test_the_first_slot_on_a_server_waits_out_one_interval(store: Store) -> None:
    slot = pace.reserve_send(store, TOKEN, Api(rate=0.5, margin=0))
    assert isinstance(slot, Slot)
    assert slot.at - slot.said_at == pytest.approx(2.0)


def test_another_server_gives_no_slot_where_the_last_one_may_have_given_some(store: Store) -> None:
    """A failover: what was reserved a moment ago is not known here."""
    slow = Api(rate=0.5, margin=0)
    pace.reserve_send(store, TOKEN, slow)
    store.client.hset(store.keys.limiter(TOKEN), mapping={"run": "0" * 40, "tat": 0, "not_before": 0})

    early = pace.reserve_send(store, TOKEN, slow)

    assert isinstance(early, TooEarly)
    assert early.wait_seconds == pytest.approx(6.0), "an interval after the last that may be given"


def test_a_read_needs_no_such_distance(store: Store) -> None:
    """What waits for a read is put off for long, and after a restore every send does."""
    pace.reserve_read(store, TOKEN, API)
    store.client.hset(store.keys.reads(TOKEN), mapping={"run": "0" * 40, "tat": 0, "not_before": 0})

    assert isinstance(pace.reserve_read(store, TOKEN, API), Slot)


def test_a_slot_given_back_is_given_again(store: Store) -> None:
    slow = Api(rate=0.1, margin=0)
    slot = pace.reserve_send(store, TOKEN, slow)
    assert isinstance(slot, Slot)
    pace.unreserve_send(store, TOKEN, slot, slow)
    again = pace.reserve_send(store, TOKEN, slow)
    assert isinstance(again, Slot)
    assert again.at == pytest.approx(slot.at, abs=0.01)


def test_a_slot_given_back_twice_because_the_reply_was_lost_is_taken_off_the_caps_once(store: Store) -> None:
    slots = [reserved(store) for _ in range(3)]
    assert pace.spent(store, TOKEN) == pace.Spent(3, 3)

    for slot in (slots[2], slots[1], slots[2]):
        pace.unreserve_send(store, TOKEN, slot, API)
    assert pace.spent(store, TOKEN) == pace.Spent(1, 1)

    for _ in range(2):
        pace.uncount_send(store, TOKEN, slots[0])
    again = reserved(store)
    assert again.at == slots[1].at or again.at > slots[2].at, "the same slot, of another holder"
    pace.unreserve_send(store, TOKEN, again, API)
    assert pace.spent(store, TOKEN) == pace.Spent(0, 0)


def test_a_slot_of_yesterday_given_back_is_not_taken_off_the_caps_of_today(store: Store) -> None:
    slot = reserved(store)
    yesterday = replace(slot, at=slot.at - 86_400, id="another")
    last_month = replace(slot, at=slot.at - 32 * 86_400, id="one more")

    pace.unreserve_send(store, TOKEN, yesterday, API)
    pace.unreserve_send(store, TOKEN, last_month, API)

    assert pace.spent(store, TOKEN).today == 1


def reserved(store: Store) -> Slot:
    while isinstance(slot := pace.reserve_send(store, TOKEN, API), TooEarly):
        pass
    return slot


@pytest.mark.parametrize("cap", [{"daily_cap": 1}, {"monthly_cap": 1}])
def test_a_cap_ends_sending_for_its_period(store: Store, cap: dict[str, int]) -> None:
    capped = Api(rate=50, margin=0, **cap)
    assert isinstance(pace.reserve_send(store, TOKEN, capped), Slot)
    assert isinstance(pace.reserve_send(store, TOKEN, capped), TooEarly)


def test_lanes_go_by_priority_then_age(store: Store) -> None:
    waiting(store, "old", 1)
    waiting(store, "new", 2)
    waiting(store, "urgent", 3, priority=9)
    assert [picked_id(store) for _ in range(4)] == ["urgent", "old", "new", None]


def test_accounts_take_turns(store: Store) -> None:
    for number in range(3):
        waiting(store, f"a{number}", number)
    waiting(store, "b", 9, account="beta")
    assert "b" in [picked_id(store) for _ in range(2)]


def test_a_paused_account_waits_and_loses_nothing(store: Store) -> None:
    waiting(store, "m", 1)
    accounts.pause(store, "acme", Reason("operator", "by hand"))
    waiting(store, "n", 2)
    assert picked_id(store) is None
    accounts.resume(store, "acme")
    assert [picked_id(store), picked_id(store)] == ["m", "n"]


def test_a_message_picked_and_not_claimed_comes_due_again(store: Store) -> None:
    waiting(store, "m", 1)
    assert picked(store)
    assert store.client.zscore(store.keys.due(Queue.RELEASE), "m") is not None


def test_a_message_put_back_keeps_its_place(store: Store) -> None:
    waiting(store, "first", 1)
    waiting(store, "second", 2)
    found = picked(store)
    assert found
    pace.put_back(store, found.message)
    assert picked_id(store) == "first"


def test_no_more_are_on_the_wire_than_allowed(store: Store) -> None:
    narrow = Api(in_flight=1)
    waiting(store, "m", 1)
    waiting(store, "n", 2)
    assert picked(store, narrow)
    assert picked(store, narrow) is None
    pace.settle(store, TOKEN, "m", "answered")
    assert picked(store, narrow)


def test_three_silent_answers_stop_all_but_one_probe(store: Store) -> None:
    for number in range(6):
        waiting(store, f"m{number}", number)
    for _ in range(3):
        found = picked(store)
        assert found
        assert not found.probe
        pace.settle(store, TOKEN, found.message.id, "silent")
    assert picked(store) is None
    store.client.hset(store.keys.circuit, "next_at", 0)
    probe = picked(store)
    assert probe
    assert probe.probe
    assert picked(store) is None
    pace.settle(store, TOKEN, probe.message.id, "answered")
    found = picked(store)
    assert found
    assert not found.probe


def test_a_silent_answer_told_twice_because_the_reply_was_lost_counts_once(store: Store) -> None:
    for number in range(2):
        waiting(store, f"m{number}", number)
        found = picked(store)
        assert found
        for _ in range(2):
            pace.settle(store, TOKEN, found.message.id, "silent")

    assert store.client.hget(store.keys.circuit, "failures") == b"2"


def test_a_small_body_comes_with_the_message_and_a_big_one_is_left_where_it_is(store: Store) -> None:
    for message_id, body in (("small", b"<p>"), ("none", b""), ("big", b"x" * 100_001), ("gone", None)):
        waiting(store, message_id, 1)
        store.client.hset(store.keys.message(message_id), "body", message_id)
        if body is not None:
            store.client.hset(store.keys.content(message_id), "data", body)

    found = {one.message.id: one.body for _ in range(4) if (one := picked(store, Api(in_flight=8)))}

    assert found == {"small": b"<p>", "none": b"", "big": None, "gone": None}


def test_what_was_on_the_wire_when_the_circuit_opened_lengthens_no_wait(store: Store) -> None:
    for number in range(8):
        waiting(store, f"m{number}", number)
    on_the_wire = [found.message.id for _ in range(8) if (found := picked(store, Api(in_flight=8)))]
    assert len(on_the_wire) == 8

    for message_id in on_the_wire:
        pace.settle(store, TOKEN, message_id, "silent")

    opens_at = float(store.client.hget(store.keys.circuit, "next_at") or 0) / 1e6
    assert opens_at - store.now() <= 5


def hints(store: Store, accounts: Sequence[str] = ("acme", "beta"), api: Api = API) -> HandedOut:
    asked = pace.asking(
        {TOKEN: accounts}, api, lease_seconds=10, lead_seconds=5, pick_lease_seconds=PICK_LEASE_SECONDS
    )
    return schedule.hand_out(store, asked)


def test_hints_are_as_many_as_the_messages_and_no_more(store: Store) -> None:
    waiting(store, "m", 1)
    assert len(hints(store).hints) == 1
    assert hints(store).hints == []


def test_the_time_of_the_next_hint_is_told(store: Store) -> None:
    slow = Api(rate=0.1, margin=0)
    for number in range(3):
        waiting(store, f"m{number}", number)

    found = hints(store, api=slow)

    assert len(found.hints) == 1
    assert found.wait_seconds == pytest.approx(5, abs=0.5)  # the next slot is in 10 s, and has a lead of 5 s
    assert hints(store, api=slow).wait_seconds == pytest.approx(5, abs=0.5)


def test_a_message_in_preparation_counts_for_the_slot_that_it_will_take(store: Store) -> None:
    slow = Api(rate=0.1, margin=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pace.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    found = hints(store, api=slow)

    assert found.hints == []
    assert found.wait_seconds == pytest.approx(5, abs=0.5)


def test_a_preparation_that_takes_longer_than_an_interval_holds_the_next_hint_up_no_more(
    store: Store,
) -> None:
    slow = Api(rate=0.15, margin=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pace.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    picked_at = store.now() - 7
    store.client.zadd(store.keys.flight(TOKEN), {"m0": (picked_at + PICK_LEASE_SECONDS) * 1e6})
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    assert len(hints(store, api=slow).hints) == 1


def test_a_message_whose_slot_is_reserved_is_not_counted_twice(store: Store) -> None:
    slow = Api(rate=0.1, margin=0)
    for number in range(3):
        waiting(store, f"m{number}", number)
    [hint] = hints(store, api=slow).hints
    assert pace.pick(store, hint, ["acme"], slow, PICK_LEASE_SECONDS)
    assert isinstance(pace.reserve_send(store, TOKEN, slow), Slot)  # in 10 s, as the first on a server
    store.client.zadd(store.keys.due(Queue.SEND), {TOKEN: 0})

    assert hints(store, api=slow).wait_seconds == pytest.approx(15, abs=0.5)


def test_a_server_whose_clock_was_set_back_gives_hints_at_once(store: Store) -> None:
    """`reserve` mends the rest, once somebody asks it."""
    waiting(store, "m", 1)
    in_an_hour = round((store.now() + 3600) * 1e6)
    store.client.hset(store.keys.limiter(TOKEN), "tat", str(in_an_hour))

    assert len(hints(store).hints) == 1


def test_no_time_is_told_where_nothing_waits(store: Store) -> None:
    assert hints(store).wait_seconds == math.inf


@pytest.mark.parametrize("cap", [{"daily_cap": 5}, {}])
def test_the_slots_of_each_minute_are_counted_without_those_given_back(
    store: Store, cap: dict[str, int]
) -> None:
    api = Api(rate=1, margin=0, **cap)
    given = [pace.reserve_send(store, TOKEN, api) for _ in range(3)]
    slots = [slot for slot in given if isinstance(slot, Slot)]  # no third is so near
    minutes = {int(slot.at // 60) for slot in slots}
    assert sum(sends_in(store, minute) for minute in minutes) == 2

    pace.unreserve_send(store, TOKEN, slots[-1], api)
    assert sum(sends_in(store, minute) for minute in minutes) == 1
    assert pace.spent(store, TOKEN).today == 1


def sends_in(store: Store, minute: int) -> int:
    limiter = text_dict(store.client.hgetall(store.keys.limiter(TOKEN)))
    return pace.sends_last_minute(limiter, (minute + 1) * 60 + 30)


def test_slots_up_to_two_minutes_ahead_leave_the_last_minute_s_count_alone(store: Store) -> None:
    slow = Api(rate=1 / 60, margin=0)
    given = [pace.reserve_send(store, TOKEN, slow) for _ in range(3)]
    minutes = [int(slot.at // 60) for slot in given if isinstance(slot, Slot)]
    assert len(minutes) == 2
    assert [sends_in(store, minute) for minute in minutes] == [1, 1]


def test_a_count_of_another_hour_is_not_taken_for_the_last_minute_s(store: Store) -> None:
    assert pace.sends_last_minute({"minute1": "29400001 58"}, 29400002 * 60) == 58
    assert pace.sends_last_minute({"minute1": "29400001 58"}, 29400006 * 60) == 0
    assert pace.sends_last_minute({}, 29400002 * 60) == 0


def test_a_refused_request_uses_its_slot_but_no_cap_counts_it(store: Store) -> None:
    first = pace.reserve_send(store, TOKEN, API)
    while isinstance(first, TooEarly):
        first = pace.reserve_send(store, TOKEN, API)
    assert pace.spent(store, TOKEN) == pace.Spent(1, 1)

    pace.uncount_send(store, TOKEN, first)

    assert pace.spent(store, TOKEN) == pace.Spent(0, 0)
    following = pace.reserve_send(store, TOKEN, API)
    assert isinstance(following, TooEarly) or following.at >= first.at + pace.interval_seconds(API) - 1e-6


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [("unreachable", [5, 10, 20, 40, 60, 60, 60]), ("silent", [5, 120, 240, 300, 300, 300, 300])],
)
def test_a_probe_that_risks_a_message_goes_more_seldom(
    store: Store, outcome: Outcome, seconds: list[int]
) -> None:
    waits = []
    for _ in range(9):
        store.client.hset(store.keys.circuit, "next_at", 0)
        store.client.zadd(store.keys.flight(TOKEN), {"m": 1})
        pace.settle(store, TOKEN, "m", outcome)
        opens_at = float(store.client.hget(store.keys.circuit, "next_at") or 0) / 1e6
        waits.append(round(opens_at - store.now()))

    assert waits[2:] == seconds


def test_no_hint_is_given_for_accounts_that_only_others_serve(store: Store) -> None:
    waiting(store, "m", 1, account="beta")

    found = hints(store, ["acme", "bet"])
    assert found.hints == []
    assert found.wait_seconds == math.inf  # else this process would look again and again
    assert len(hints(store, ["beta"]).hints) == 1


def test_messages_of_accounts_that_only_others_serve_are_passed_over(store: Store) -> None:
    waiting(store, "theirs", 1, account="beta")
    waiting(store, "ours", 2, account="acme")

    found = picked(store, accounts=["acme"])

    assert found
    assert found.message.id == "ours"
    assert picked(store, accounts=["acme"]) is None
    assert picked(store, accounts=["beta"])


def test_a_failure_told_twice_ends_no_other_probe(store: Store) -> None:
    for number in range(4):
        waiting(store, f"m{number}", number)
    for _ in range(3):
        found = picked(store)
        assert found
        pace.settle(store, TOKEN, found.message.id, "silent")
    store.client.hset(store.keys.circuit, "next_at", 0)
    assert picked(store), "the probe"

    pace.settle(store, TOKEN, "m2", "silent")  # its reply was lost the first time

    assert store.client.hget(store.keys.circuit, "probe_until"), "or two would probe at once"
