"""The overview of a real store: its contents, and its round trips."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from redis.client import Pipeline

from config.settings import Settings
from pec.changes import changed
from pec.job_messages import enqueued
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.operations.status.load_overview import jobs_waiting, load_overview
from pec.operations.status.overview import Overview
from pec.store import accounts, heartbeat, outbox, pacing, room
from pec.store.commits import commit
from pec.store.store import Store

SETTINGS = Settings.model_validate({"api": {"rate": 20, "margin_seconds": 0, "daily_cap": 10}})


@pytest.fixture
def store(store: Store) -> Store:
    accounts.register(store, "acme", "t")
    about = {"host": "h", "pid": "7", "threads": "8", "queues": "send check", "accounts": "acme"}
    seen = {"account": ["acme"], "worker": ["w1"], "queue": [str(q) for q in Queue]}
    heartbeat.beat(store, seen, 60, about)
    return store


def ago(store: Store, seconds: float) -> datetime:
    return datetime.fromtimestamp(store.now() - seconds, UTC)


def queued(store: Store, message_id: str, age_seconds: float, **fields: Any) -> Message:
    at = ago(store, age_seconds)
    fine: dict[str, Any] = {"account": "acme", "recipients": ("x@pec.example",), "subject": "s"}
    message = Message(
        id=message_id, state=State.QUEUED, created_at=at, updated_at=at, **{**fine, "order": 1, **fields}
    )
    return commit(store, enqueued(message, ago(store, 0)))


def seconds(found: Overview, since: datetime | None) -> float | None:
    return None if since is None else (found.now - since).total_seconds()


def test_a_store_that_is_empty_is_reported_too(redis: Redis) -> None:
    found = load_overview(Store(redis, "pec"), Settings())

    assert (found.jobs, found.oldest_job_at, found.lanes, found.tokens, found.workers) == (
        0,
        None,
        {},
        {},
        [],
    )
    assert set(found.unserved_queues) == set(Queue)


def test_the_oldest_of_a_lane_may_have_any_priority(store: Store) -> None:
    queued(store, "urgent", 10, priority=9, order=3)
    queued(store, "old", 300, priority=1, order=1)
    queued(store, "plain", 20, priority=5, order=2)

    lane = load_overview(store, SETTINGS).lanes["acme"]

    assert lane.waiting == 3
    assert seconds(load_overview(store, SETTINGS), lane.oldest_at) == pytest.approx(300, abs=2)


def test_a_message_waits_from_its_not_before_on(store: Store) -> None:
    queued(store, "timed", 300, not_before=ago(store, 30))

    found = load_overview(store, SETTINGS)

    assert seconds(found, found.lanes["acme"].oldest_at) == pytest.approx(30, abs=2)


def test_what_is_left_of_a_mailbox_is_counted_in_messages_like_those_that_wait(store: Store) -> None:
    to = ("a@pec.example", "b@pec.example", "c@pec.example")
    queued(store, "small", 1, room=10_000)
    queued(store, "large", 1, room=10_000, recipients=to, order=2)
    assert load_overview(store, SETTINGS).lanes["acme"].messages_left is None, "its quota was never read"
    room.note_reading(store, "acme", 40_000, 200_000, 0.95, 0)

    lane = load_overview(store, SETTINGS).lanes["acme"]

    assert (lane.room.left, lane.room_of_each, lane.messages_left) == (150_000, 20_000, 7)
    assert not lane.waits_for_room


def test_an_account_that_is_paused_or_unserved_has_no_backlog_that_goes(store: Store) -> None:
    queued(store, "m", 1)
    accounts.register(store, "beta", "t")
    queued(store, "n", 1, account="beta")
    heartbeat.beat(store, {"account": ["beta"]}, -1)
    assert load_overview(store, SETTINGS).tokens["t"].waiting == 1

    accounts.pause(store, "acme", Reason("wallet", "it is empty"))
    found = load_overview(store, SETTINGS)
    assert found.tokens["t"].waiting == 0
    assert found.tokens["t"].accounts == ("acme", "beta")
    assert found.lanes["acme"].paused == Reason("wallet", "it is empty")


def test_a_lane_outside_the_rotation_is_distinguished_from_one_in_line_or_paused(store: Store) -> None:
    queued(store, "m", 1)
    assert not load_overview(store, SETTINGS).lanes["acme"].out_of_turn

    for lost in (store.keys.rotation("t"), store.keys.due(Queue.SEND), store.keys.account("acme")):
        store.client.delete(lost)
        assert load_overview(store, SETTINGS).lanes["acme"].out_of_turn
        accounts.ensure(store, {"acme": "t"})
        assert not load_overview(store, SETTINGS).lanes["acme"].out_of_turn

    accounts.pause(store, "acme", Reason("operator", ""))
    assert not load_overview(store, SETTINGS).lanes["acme"].out_of_turn


def test_an_endpoint_without_its_place_in_the_stream_is_distinguished_from_one_that_listens(
    store: Store,
) -> None:
    heartbeat.beat(store, {"endpoint": ["crm", "shop"]}, 60)
    heartbeat.beat(store, {"endpoint": ["gone"]}, -1)
    outbox.ensure(store, ["crm"])

    found = {one.name: (one.listening, one.served) for one in load_overview(store, SETTINGS).endpoints}

    assert found == {"crm": (True, True), "shop": (False, True), "gone": (False, False)}


def test_when_redis_came_back_empty_is_reported(store: Store) -> None:
    assert load_overview(store, SETTINGS).lost_at is None
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    heartbeat.note_loss(store, at)
    heartbeat.note_loss(store, at + timedelta(seconds=5))

    assert load_overview(store, SETTINGS).lost_at == at, "as the first worker found it"


def test_slots_of_this_minute_count_as_sent_lately(store: Store) -> None:
    queued(store, "m", 1)
    assert load_overview(store, SETTINGS).tokens["t"].sends_lately == 0

    assert isinstance(pacing.reserve_send(store, "t", SETTINGS.api), pacing.Slot)

    assert load_overview(store, SETTINGS).tokens["t"].sends_lately == 1


def test_pace_and_caps_of_a_token_are_reported(store: Store) -> None:
    for _ in range(2):
        pacing.reserve_send(store, "t", SETTINGS.api)
    last = int(store.now() // 60) - 1
    store.client.hset(store.keys.limiter("t"), f"minute{last % 4}", f"{last} 600")

    token = load_overview(store, SETTINGS).tokens["t"]

    assert (token.usage.today, token.left_today, token.left_this_month) == (2, 8, None)
    assert (token.sends_last_minute, token.allowed_per_minute, token.pace_used) == (600, 1200, 0.5)


def test_the_time_of_a_post_is_learnt_from_the_newest_answers(store: Store) -> None:
    for number, took in enumerate((0.4, 0.5, 3.0, 0.0)):  # the last answer was lost
        sent_at = ago(store, 5)
        answered = changed(
            queued(store, f"m{number}", 60),
            sent_at,
            {"state": State.SENT, "claimed_at": sent_at - timedelta(seconds=took), "sent_at": sent_at},
        )
        commit(store, answered)
    queued(store, "waits", 1)

    token = load_overview(store, SETTINGS).tokens["t"]

    assert token.post_seconds == pytest.approx(0.5, abs=0.002)
    assert token.threads_at_full_pace == 20  # 20 a second, for half a second and half before
    narrow = replace(token, in_flight=4)
    assert narrow.threads_at_full_pace == 4  # which may be on the wire
    assert narrow.threads_worth == 4 < token.waiting  # the others of the lane


def test_what_is_due_and_late_is_reported_by_queue(store: Store) -> None:
    store.set_due(Queue.CHECK, "late", store.now() - 40)
    store.set_due(Queue.CHECK, "later", store.now() + 40)

    found = load_overview(store, SETTINGS)

    assert (found.work[Queue.CHECK].scheduled, found.work[Queue.CHECK].overdue) == (2, 1)
    assert seconds(found, found.work[Queue.CHECK].overdue_since) == pytest.approx(40, abs=2)
    assert found.work[Queue.LOOKUP].overdue_since is None


def test_jobs_that_no_worker_took_say_since_when(store: Store) -> None:
    millis = int((store.now() - 90) * 1000)
    store.client.xadd(store.keys.jobs, {"job": "x" * 1000}, id=f"{millis}-0")

    found = load_overview(store, SETTINGS)

    assert found.jobs == 1
    assert seconds(found, found.oldest_job_at) == pytest.approx(90, abs=2)
    assert jobs_waiting(store) == (1, found.oldest_job_at)


def test_workers_and_how_long_states_last_are_reported(store: Store) -> None:
    queued(store, "m", 70)

    found = load_overview(store, SETTINGS)

    assert [(one.host, one.pid, one.threads, one.queues) for one in found.workers] == [
        ("h", 7, 8, ("send", "check"))
    ]
    assert found.threads == 8
    assert found.messages[State.QUEUED] == 1
    assert seconds(found, found.oldest_in_state[State.QUEUED]) == pytest.approx(70, abs=2)


def test_workers_that_reconcile_say_since_when(store: Store) -> None:
    heartbeat.beat(store, {"restore": ["2026-11-24T02:00:00.000Z", "2026-11-23T02:00:00.000Z"]}, 60)

    assert load_overview(store, SETTINGS).reconciling_since == datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_a_hundred_accounts_take_no_more_round_trips_than_one(store: Store) -> None:
    queued(store, "m", 1)
    load_overview(store, SETTINGS)  # so that the server has the scripts
    with counted() as few:
        load_overview(store, SETTINGS)
    for number in range(100):
        accounts.register(store, f"a{number}", f"t{number % 5}")
        queued(store, f"m{number}", 1, account=f"a{number}")
    heartbeat.beat(store, {"account": [f"a{number}" for number in range(100)]}, 60)
    with counted() as many:
        assert len(load_overview(store, SETTINGS).lanes) == 101

    trips = [
        [one for one in found if one != "PING"] for found in (few, many)
    ]  # after a rest on a busy machine
    assert len(trips[0]) == len(trips[1]) <= 7


@contextmanager
def counted() -> Iterator[list[str]]:
    """The round trips made meanwhile."""
    made: list[str] = []
    command: Any = Redis.execute_command
    pipeline: Any = Pipeline.execute

    def count_command(self: Redis, *args: Any, **options: Any) -> Any:
        made.append(str(args[0]))
        return command(self, *args, **options)

    def count_pipeline(self: Pipeline, *args: Any, **options: Any) -> Any:
        made.append("pipeline")
        return pipeline(self, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Redis, "execute_command", count_command)
        patched.setattr(Pipeline, "execute", count_pipeline)
        yield made
