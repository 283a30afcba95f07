"""A batch that is paused and resumed: what it holds back, what goes past it, and that each message keeps its place."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.settings import Uncertain
from pec.changes import Change, Lane, changed
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.store import batches, pacing, records
from pec.store.commits import BatchDelta, Commit, apply, commit, update
from pec.store.store import Store, text, text_list
from pec.transitions import cancelled, claimed, expired_in_queue, not_found, unclaimed
from tests.integration.pec.store import slots
from tests.integration.pec.store.slots import NOW, TOKEN, picked, picked_id, waiting

store = slots.store
WHO = Reason("operator", "paused by an operator", {"by": "anna@ufficio"})


def ids_picked(store: Store) -> list[str]:
    return list(iter(lambda: picked_id(store), None))


def lane(store: Store, account: str = "acme") -> list[str]:
    return text_list(store.client.zrange(store.keys.lane(account), 0, -1))


def parked(store: Store, batch: str = "b") -> int:
    return int(store.client.zcard(store.keys.parked(batch)))


def end(store: Store, message_id: str, choose: Callable[[Message], Change | None]) -> None:
    assert update(store, lambda: records.read(store, message_id), choose)


def test_what_waits_and_what_still_comes_is_held_back_and_the_rest_of_the_lane_goes_past(
    store: Store,
) -> None:
    waiting(store, "first", 1, batch="b")
    waiting(store, "other", 2)
    assert batches.pause(store, "b", WHO) == "paused"
    waiting(store, "late", 3, batch="b")
    waiting(store, "urgent", 4, batch="b", priority=9)
    waiting(store, "another", 5, batch="c")

    assert lane(store) == ["other", "another"], "what is parked does not count as waiting in line"
    assert parked(store) == 3
    assert ids_picked(store) == ["other", "another"]


def test_resumed_messages_have_the_places_of_their_priority_and_age(store: Store) -> None:
    for order in range(4):
        waiting(store, f"m{order}", order, batch="b" if order % 2 else None)
    batches.pause(store, "b", WHO)
    waiting(store, "urgent", 9, batch="b", priority=9)

    assert batches.resume(store, "b") == "resumed"

    assert parked(store) == 0
    assert ids_picked(store) == ["urgent", "m0", "m1", "m2", "m3"]


def test_a_batch_says_why_and_since_when_it_waits(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    assert batches.state_of(store, "b") is None
    batches.pause(store, "b", WHO)

    found = batches.state_of(store, "b")

    assert found is not None
    assert (found.name, found.reason, found.parked) == ("b", WHO, 1)
    assert abs(found.since.timestamp() - store.now()) < 60
    assert json.loads(records.batch_of(store, "b")["paused"]) == WHO.as_dict()


def test_said_again_neither_pause_nor_resume_changes_anything(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    assert batches.resume(store, "b") == "already"
    batches.pause(store, "b", WHO)
    found = batches.state_of(store, "b")
    assert batches.pause(store, "b", Reason("operator", "another")) == "already"
    assert batches.state_of(store, "b") == found
    batches.resume(store, "b")
    assert batches.resume(store, "b") == "already"
    assert ids_picked(store) == ["m"]


def test_an_unknown_batch_is_neither_paused_nor_resumed(store: Store) -> None:
    assert (batches.pause(store, "b", WHO), batches.resume(store, "b")) == ("unknown", "unknown")
    assert not store.client.exists(store.keys.batch("b"), store.keys.paused)


def test_messages_of_every_account_of_the_batch_wait(store: Store) -> None:
    waiting(store, "a", 1, batch="b")
    waiting(store, "z", 2, account="beta", batch="b")
    batches.pause(store, "b", WHO)
    assert ids_picked(store) == []
    batches.resume(store, "b")
    assert sorted(ids_picked(store)) == ["a", "z"]


def test_a_message_that_a_worker_has_in_hand_goes_on_and_is_parked_if_it_comes_back(store: Store) -> None:
    waiting(store, "sent", 1, batch="b")
    waiting(store, "returned", 2, batch="b")
    first, second = picked(store), picked(store)
    assert first
    assert second
    batches.pause(store, "b", WHO)

    commit(store, claimed(first.message, NOW, "r", 60))
    pacing.put_back(store, second.message)

    assert picked_id(store) is None
    assert (parked(store), lane(store)) == (1, [])


def test_a_message_that_comes_back_from_the_wire_is_parked(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    found = picked(store)
    assert found
    sending = commit(store, claimed(found.message, NOW, "r", 60))
    batches.pause(store, "b", WHO)

    commit(store, unclaimed(sending, NOW))

    assert (parked(store), lane(store)) == (1, [])


def test_a_message_whose_time_comes_while_its_batch_is_paused_is_parked(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    found = picked(store)
    assert found
    batches.pause(store, "b", WHO)

    commit(store, changed(found.message, NOW, {}, lane=Lane.ENTER))

    assert (parked(store), lane(store)) == (1, []), (
        "it does not count as waiting in line until a worker comes"
    )


def test_a_held_message_that_is_to_be_sent_again_waits_for_its_batch(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    found = picked(store)
    assert found
    commit(store, claimed(found.message, NOW, "r", 60))
    end(store, "m", lambda message: changed(message, NOW, {"state": State.HELD, "resend": True}))
    batches.pause(store, "b", WHO)

    end(store, "m", lambda message: not_found(message, NOW, Uncertain()))

    assert (parked(store), lane(store)) == (1, [])
    batches.resume(store, "b")
    assert ids_picked(store) == ["m"]


def test_a_cancelled_message_is_parked_no_longer(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    waiting(store, "n", 2, batch="b")
    batches.pause(store, "b", WHO)
    end(store, "m", lambda message: cancelled(message, NOW))
    assert parked(store) == 1
    batches.resume(store, "b")
    assert ids_picked(store) == ["n"]


def test_a_parked_message_expires_at_its_not_after(store: Store) -> None:
    soon = NOW + timedelta(minutes=1)
    waiting(store, "m", 1, batch="b", not_after=soon)
    batches.pause(store, "b", WHO)
    assert store.client.zscore(store.keys.due(Queue.RELEASE), "m") == soon.timestamp()

    end(store, "m", lambda message: expired_in_queue(message, soon))

    found = records.read(store, "m")
    assert found
    assert (found.state, parked(store)) == (State.EXPIRED, 0)


def test_what_ended_while_an_older_worker_left_it_parked_is_not_put_into_line(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    batches.pause(store, "b", WHO)
    end(store, "m", lambda message: cancelled(message, NOW))
    store.client.zadd(store.keys.parked("b"), {"m": 1, "gone": 2})

    batches.resume(store, "b")

    assert (lane(store), parked(store)) == ([], 0)


def test_a_batch_that_is_forgotten_leaves_nothing_of_its_pause(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    batches.pause(store, "b", WHO)
    end(store, "m", lambda message: cancelled(message, NOW))
    ended = records.read(store, "m")
    assert ended

    assert store.run("forget", "m", ended.version)

    assert not store.client.exists(store.keys.paused, store.keys.batch("b"), store.keys.parked("b"))


def test_a_worker_finishes_a_resume_that_died_half_way(store: Store) -> None:
    for order in range(3):
        waiting(store, f"m{order}", order, batch="b")
    batches.pause(store, "b", WHO)
    store.run("resume_batch", "b")  # and then the command is killed

    assert store.client.zscore(store.keys.due(Queue.RELEASE), "@b")
    assert store.run("unpark_batch", "b", 2) == 1  # a worker, which is killed too
    assert store.client.zscore(store.keys.due(Queue.RELEASE), "@b")
    batches.unpark(store, "b")

    assert store.client.zscore(store.keys.due(Queue.RELEASE), "@b") is None
    assert ids_picked(store) == ["m0", "m1", "m2"]


def test_a_batch_that_is_paused_while_it_is_put_back_waits_again(store: Store) -> None:
    for order in range(3):
        waiting(store, f"m{order}", order, batch="b")
    batches.pause(store, "b", WHO)
    store.run("resume_batch", "b")
    store.run("unpark_batch", "b", 1)
    batches.pause(store, "b", WHO)

    batches.unpark(store, "b")

    assert parked(store) == 3
    assert ids_picked(store) == []
    assert store.client.zscore(store.keys.due(Queue.RELEASE), "@b") is None


def test_a_pause_that_died_half_way_holds_back_all_the_same(store: Store) -> None:
    waiting(store, "m", 1, batch="b")
    waiting(store, "n", 2)
    store.run("pause_batch", "b", store.now(), "{}")

    assert ids_picked(store) == ["n"]
    assert parked(store) == 1


def test_ten_thousand_messages_of_a_paused_batch_hold_up_neither_redis_nor_the_message_behind_them(
    store: Store,
) -> None:
    _fill(store, 10_000)
    waiting(store, "other", 20_000)
    store.run("pause_batch", "b", store.now(), "{}")  # as if no script had parked them

    steps = list(_steps_of_a_pick(store))

    assert steps[-1][0] == "picked"
    assert len(steps) == 10_000 / 200 + 1
    assert max(commands for _, commands in steps) < 1000, "Redis serves others between two steps"
    assert parked(store) == 10_000

    batches.resume(store, "b")
    assert (parked(store), len(lane(store))) == (0, 10_000)
    assert picked_id(store) == "m0"


def _fill(store: Store, count: int) -> None:
    """Records, lane and batch as intake writes them, without ten thousand commits."""
    waiting(store, "m0", 0, batch="b")
    record: Any = store.client.hgetall(store.keys.message("m0"))
    score: Any = store.client.zscore(store.keys.lane("acme"), "m0")
    with store.client.pipeline(transaction=False) as pipeline:
        for number in range(1, count):
            pipeline.hset(store.keys.message(f"m{number}"), mapping={**record, b"order": number})
            pipeline.zadd(store.keys.lane("acme"), {f"m{number}": score + number})
            pipeline.zadd(store.keys.members("b"), {f"m{number}": number})
        pipeline.execute()


def _steps_of_a_pick(store: Store) -> Iterator[tuple[str, int]]:
    """Return the reply of each run of the script, and how many commands it made."""
    said = "parked"
    while said == "parked":
        before = _calls(store)
        said = text(store.run("pick", TOKEN, "0", 60_000_000, 10, ",acme,")[0])
        yield said, _calls(store) - before


def _calls(store: Store) -> int:
    stats: Any = store.client.info("commandstats")
    return sum(one["calls"] for one in stats.values())


@pytest.mark.parametrize("seed", range(5))
def test_pauses_and_resumes_in_any_order_lose_nothing_and_give_nothing_twice(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    came: list[str] = []
    gone: list[str] = []
    tasks: list[Callable[[], Any]] = [
        lambda: batches.pause(store, "b", WHO),
        lambda: store.run("pause_batch", "b", store.now(), "{}"),
        lambda: store.run("park_batch", "b", chance.randrange(5), 3),
        lambda: batches.resume(store, "b"),
        lambda: store.run("resume_batch", "b"),
        lambda: store.run("unpark_batch", "b", 2),
    ]
    waiting(store, "first", 0, batch="b")
    for number in range(1, 150):
        if chance.random() < 0.5:
            batch = chance.choice(["b", None])
            came.append(waiting(store, f"m{number}", number, priority=chance.randrange(10), batch=batch).id)
        chance.choice(tasks)()
        if chance.random() < 0.3 and (found := picked(store)):
            if chance.random() < 0.5:
                pacing.put_back(store, found.message)
            else:
                commit(store, claimed(found.message, NOW, "r", 60))
                gone.append(found.message.id)
            pacing.finish_send(store, TOKEN, found.message.id, "unused")
    batches.pause(store, "b", WHO)
    held_back = set(ids_picked(store))
    assert not any(records.read(store, one).batch for one in held_back)  # type: ignore[union-attr]
    batches.resume(store, "b")

    gone += [*ids_picked(store), *held_back]

    assert sorted(gone) == sorted(["first", *came])
    assert parked(store) == 0


def test_a_batch_that_grows_after_its_completion_completes_again(store: Store) -> None:
    apply(store, Commit(batches=[BatchDelta("b", size="1")]))
    waiting(store, "m", 1, batch="b")
    end(store, "m", lambda message: cancelled(message, NOW))
    apply(store, Commit(batches=[BatchDelta("b", size="2")]))
    assert "completed_at" not in records.batch_of(store, "b")
    waiting(store, "n", 2, batch="b")
    end(store, "n", lambda message: cancelled(message, NOW))
    apply(store, Commit(batches=[BatchDelta("b", size="2")]))

    entries: Any = store.client.xrange("pec:events")
    completed = [json.loads(f[b"event"])["data"] for _, f in entries if f[b"type"] == b"batch.completed"]

    assert [one["size"] for one in completed] == [1, 2]
