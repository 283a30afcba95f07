"""Deliveries that were given up are kept, and delivered again when an operator asks for it."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from pec.instants import from_epoch
from pec.store import dead_letters, outbox
from pec.store.outbox import DeliveryResult
from pec.store.store import Store
from pec.webhooks.outcomes import Failed
from tests.integration.pec.store.deliveries import (
    REFUSED,
    die,
    due,
    end,
    endpoint,
    fail,
    fan_out,
    give_up,
    make_due,
    pending,
    publish,
    publish_one,
    state,
    take,
    take_all,
    waiting,
)


def test_a_delivery_that_is_given_up_is_kept_with_all_that_is_known(store: Store) -> None:
    publish_one(store)
    fail(store, 2)

    die(store)

    (letter,) = dead_letters.newest(store)
    assert (letter.endpoint, letter.event_id, letter.type) == ("shop", "evt_1", "message.sent")
    assert (letter.status, letter.why, letter.tries) == (500, "answered 500", 3)
    assert json.loads(letter.event) == {"type": "message.sent"}
    assert datetime.fromisoformat(letter.at).tzinfo
    assert not letter.replayed
    assert state(store).dead == 1
    assert waiting(store) == []
    assert pending(store) == 0


def test_without_an_answer_there_is_no_status(store: Store) -> None:
    publish_one(store)

    give_up(store, take(store), Failed("Connection refused"))

    assert dead_letters.newest(store)[0].status is None


def test_dead_letters_are_listed_newest_first_of_one_endpoint_or_of_all(store: Store) -> None:
    publish_one(store, "shop", "other")
    die(store, "shop")
    die(store, "other")

    assert [letter.endpoint for letter in dead_letters.newest(store)] == ["other", "shop"]
    assert [letter.endpoint for letter in dead_letters.newest(store, "shop")] == ["shop"]
    assert len(dead_letters.newest(store, limit=1)) == 1


def test_a_replay_delivers_the_same_event_even_when_the_stream_was_trimmed(store: Store) -> None:
    publish_one(store)
    die(store)
    store.client.xtrim(store.keys.events, maxlen=0, approximate=False)

    assert dead_letters.replay(store, "shop") == 1
    assert dead_letters.newest(store)[0].replayed

    taken = take(store)
    assert (taken.event_id, taken.tries) == ("evt_1", 0)
    assert json.loads(taken.event) == {"type": "message.sent"}
    end(store, DeliveryResult.delivered(taken))
    assert dead_letters.newest(store) == []
    assert state(store).dead == 0


def test_a_replay_that_fails_is_retried_and_can_die_again(store: Store) -> None:
    publish_one(store)
    die(store)
    dead_letters.replay(store, "shop")

    fail(store, 1)
    make_due(store)
    again = take(store)
    give_up(store, again, REFUSED)

    assert again.tries == 1
    assert [letter.event_id for letter in dead_letters.newest(store)] == ["evt_1"]
    assert state(store).dead == 1


def test_replaying_twice_delivers_once(store: Store) -> None:
    publish_one(store)
    die(store)

    assert dead_letters.replay(store, "shop") == 1
    assert take_all(store) == ["evt_1"]
    assert dead_letters.replay(store, "shop") == 0
    assert take_all(store) == []


def test_chosen_letters_of_one_endpoint_are_replayed_alone(store: Store) -> None:
    outbox.ensure(store, ["shop", "other"])
    publish(store, "evt_1")
    publish(store, "evt_2")
    fan_out(store, [endpoint("shop"), endpoint("other")])
    for name in ("shop", "shop", "other"):
        die(store, name)
    chosen = dead_letters.newest(store, "shop")[0]
    foreign = dead_letters.newest(store, "other")[0]

    assert dead_letters.replay(store, "shop", [chosen.id, foreign.id]) == 1

    assert take_all(store) == [chosen.event_id]


def test_pages_of_one_endpoint_s_letters_look_at_a_bounded_number_of_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "_CHUNK", 2)
    monkeypatch.setattr(dead_letters, "_MAX_LOOKED_AT", 4)
    publish_one(store, "shop", "other")
    die(store, "shop")
    die(store, "other")
    entries: Any = store.client.xrevrange(store.keys.dead, count=1)
    for _ in range(5):
        store.client.xadd(store.keys.dead, entries[0][1])

    first, cursor = dead_letters.page(store, "shop")
    second, end_of_all = dead_letters.page(store, "shop", cursor)

    assert first == []
    assert [one.endpoint for one in second] == ["shop"]
    assert end_of_all == ""


def test_a_page_of_letters_ends_at_its_limit_and_goes_on_there(store: Store) -> None:
    publish_one(store, "a", "b", "c")
    for name in ("a", "b", "c"):
        die(store, name)

    first, cursor = dead_letters.page(store, limit=2)
    second, end_of_all = dead_letters.page(store, before=cursor, limit=2)

    assert [one.endpoint for one in [*first, *second]] == ["c", "b", "a"]
    assert end_of_all == ""
    assert dead_letters.page(store, before="nonsense")[0][0].endpoint == "c"


def test_with_nothing_dead_nothing_is_due(store: Store) -> None:
    assert dead_letters.replay(store, "shop") == 0
    assert due(store) is None


def test_dead_letters_carry_the_time_of_redis(store: Store) -> None:
    publish_one(store)
    die(store)

    assert abs(
        datetime.fromisoformat(dead_letters.newest(store)[0].at) - from_epoch(store.now())
    ) < timedelta(minutes=1)
