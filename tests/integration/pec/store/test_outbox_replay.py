"""What was given up, or delivered already, is delivered again when an operator says so."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pec.instants import from_epoch
from pec.store import outbox
from pec.store.store import Store
from pec.webhooks.outcomes import Failed
from tests.integration.pec.store.deliveries import (
    REFUSED,
    die,
    due,
    end,
    endpoint,
    fail,
    feed_all,
    give_up,
    make_due,
    pending,
    state,
    take,
    take_all,
    take_due,
    tell,
    waiting,
)

# Dead letters


def test_a_delivery_that_is_given_up_is_kept_with_all_that_is_known(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])
    fail(store, 2)

    die(store)

    (letter,) = outbox.dead(store)
    assert (letter.endpoint, letter.event_id, letter.type) == ("shop", "evt_1", "message.sent")
    assert (letter.status, letter.why, letter.tries) == (500, "answered 500", 3)
    assert json.loads(letter.event) == {"type": "message.sent"}
    assert datetime.fromisoformat(letter.at).tzinfo
    assert not letter.replayed
    assert state(store).dead == 1
    assert waiting(store) == []
    assert pending(store) == 0


def test_without_an_answer_there_is_no_status(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])

    give_up(store, take(store), Failed("Connection refused"))

    assert outbox.dead(store)[0].status is None


def test_dead_letters_are_told_newest_first_of_one_endpoint_or_of_all(store: Store) -> None:
    outbox.ensure(store, ["shop", "other"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint("shop"), endpoint("other")])
    die(store, "shop")
    die(store, "other")

    assert [letter.endpoint for letter in outbox.dead(store)] == ["other", "shop"]
    assert [letter.endpoint for letter in outbox.dead(store, "shop")] == ["shop"]
    assert len(outbox.dead(store, limit=1)) == 1


def test_a_replay_delivers_the_same_event_even_when_the_stream_was_trimmed(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])
    die(store)
    store.client.xtrim(store.keys.events, maxlen=0, approximate=False)

    assert outbox.replay_dead(store, "shop") == 1
    assert outbox.dead(store)[0].replayed

    taken = take(store)
    assert (taken.event_id, taken.tries) == ("evt_1", 0)
    assert json.loads(taken.event) == {"type": "message.sent"}
    end(store, outbox.acknowledge(taken))
    assert outbox.dead(store) == []
    assert state(store).dead == 0


def test_a_replay_that_fails_is_retried_and_can_die_again(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])
    die(store)
    outbox.replay_dead(store, "shop")

    fail(store, 1)
    make_due(store)
    again = take(store)
    give_up(store, again, REFUSED)

    assert again.tries == 1
    assert [letter.event_id for letter in outbox.dead(store)] == ["evt_1"]
    assert state(store).dead == 1


def test_replaying_twice_delivers_once(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])
    die(store)

    assert outbox.replay_dead(store, "shop") == 1
    assert take_all(store) == ["evt_1"]
    assert outbox.replay_dead(store, "shop") == 0
    assert take_all(store) == []


def test_chosen_letters_of_one_endpoint_are_replayed_alone(store: Store) -> None:
    outbox.ensure(store, ["shop", "other"])
    tell(store, "evt_1")
    tell(store, "evt_2")
    outbox.fan_out(store, [endpoint("shop"), endpoint("other")])
    for name in ("shop", "shop", "other"):
        die(store, name)
    chosen = outbox.dead(store, "shop")[0]
    foreign = outbox.dead(store, "other")[0]

    assert outbox.replay_dead(store, "shop", [chosen.id, foreign.id]) == 1

    assert take_all(store) == [chosen.event_id]


def test_with_nothing_dead_nothing_is_due(store: Store) -> None:
    assert outbox.replay_dead(store, "shop") == 0
    assert due(store) is None


def test_dead_letters_carry_the_time_of_redis(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1")
    outbox.fan_out(store, [endpoint()])
    die(store)

    assert abs(datetime.fromisoformat(outbox.dead(store)[0].at) - from_epoch(store.now())) < timedelta(
        minutes=1
    )


# Replay by position


def test_events_since_an_instant_are_delivered_again_with_the_same_ids(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    for second in (1000, 2000, 3000):
        tell(store, f"evt_{second}", at=f"{second}000-0")
    feed_all(store, endpoint())
    for taken in take_due(store):
        end(store, outbox.acknowledge(taken))

    assert outbox.replay_since(store, "shop", datetime.fromtimestamp(2000, UTC))

    feed_all(store, endpoint())
    assert take_all(store) == ["evt_2000", "evt_3000"]


def test_what_is_being_tried_is_not_disturbed_by_a_replay(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1", at="1000000-0")
    outbox.fan_out(store, [endpoint()])
    taken = take(store)

    outbox.replay_since(store, "shop", datetime.fromtimestamp(0, UTC))
    outbox.fan_out(store, [endpoint()])

    assert take_all(store) == []
    end(store, outbox.acknowledge(taken))
    assert (waiting(store), pending(store)) == ([], 0)


def test_a_replay_never_skips_what_has_not_been_heard_yet(store: Store) -> None:
    outbox.ensure(store, ["shop"])
    tell(store, "evt_1", at="1000000-0")

    assert not outbox.replay_since(store, "shop", datetime.now(UTC))

    feed_all(store, endpoint())
    assert take_all(store) == ["evt_1"]


def test_an_endpoint_that_no_worker_had_cannot_be_replayed(store: Store) -> None:
    with pytest.raises(LookupError, match="nobody"):
        outbox.replay_since(store, "nobody", datetime.now(UTC))
