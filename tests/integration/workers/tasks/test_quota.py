"""Reading the quota: who waits, is paused and resumes by it, and what happens if the API does not state it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pec.messages import Reason
from pec.names import Queue, State
from pec.store import accounts, records, room
from pec.store.pacing import Hint, pick
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import queued, state
from workers.context import WorkerContext
from workers.tasks.quota import KIB, PAUSED_AFTER_SECONDS, RETRY_SECONDS, guard_quota

LIMIT = 1000  # KiB


def stated(served: Served, usage: int, limit: int = LIMIT, times: int = 1) -> None:
    plant(served, 200, {"success": True, "message": "", "data": {"usage": usage, "limit": limit}}, times)


def plant(served: Served, status: int, body: Any, times: int = 1) -> None:
    fault = {"operation": "GET /quota/{mailbox}", "status": status, "body": body, "times": times}
    served.call("POST", "/_sandbox/fault", json=fault)


def events(ctx: WorkerContext) -> list[str]:
    entries: Any = ctx.store.client.xrange("pec:events")
    types = [fields[b"type"].decode() for _, fields in entries]
    return [one for one in types if not one.startswith("message.")]


def due_in(ctx: WorkerContext) -> float:
    found: Any = ctx.store.client.zscore(ctx.store.keys.due(Queue.QUOTA), "acme")
    return float(found) - ctx.store.now()


def forget_room(ctx: WorkerContext) -> None:
    fields = ["room_used", "room_limit", "room_pause_at"]
    ctx.store.client.hdel(ctx.store.keys.account("acme"), *fields)


def waits(ctx: WorkerContext, needed: int = 100 * KIB, **fields: Any) -> None:
    """The next message has found no room."""
    queued(ctx, "waits", room=needed)
    since = ctx.store.now()
    values: dict[Any, Any] = {"no_room": needed, "no_room_since": since, **fields}
    ctx.store.client.hset(ctx.store.keys.account("acme"), mapping=values)


class Death(BaseException):
    """The worker is killed."""


def test_a_worker_that_dies_while_it_asks_keeps_no_send_waiting_for_an_interval(
    ctx: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise Death

    waits(ctx)
    monkeypatch.setattr("workers.tasks.quota.call_optional", dies)

    with pytest.raises(Death):
        guard_quota(ctx, "acme")

    assert due_in(ctx) <= RETRY_SECONDS


def test_a_mailbox_that_fills_is_reported_once_paused_and_resumed(ctx: WorkerContext, served: Served) -> None:
    for usage in (500, 850, 900, 960, 970, 850, 700):
        stated(served, usage)
        guard_quota(ctx, "acme")

    assert events(ctx) == ["mailbox.filling", "account.paused", "account.resumed"]
    state = accounts.state_of(ctx.store, "acme")
    assert (state.reason, state.room.used, state.room.limit) == (None, 700 * KIB, LIMIT * KIB)


def test_an_account_that_waits_goes_on_once_a_reading_shows_room(ctx: WorkerContext, served: Served) -> None:
    waits(ctx)
    stated(served, 900)
    guard_quota(ctx, "acme")
    assert room.read(ctx.store, "acme").waits_since

    stated(served, 700)
    guard_quota(ctx, "acme")

    assert room.read(ctx.store, "acme").waits_since is None
    hint = Hint(ctx.token("acme"), "0")
    assert pick(ctx.store, hint, ["acme"], ctx.settings.api, 60)


def test_waiting_for_room_is_a_pause_when_nothing_more_is_to_come(ctx: WorkerContext, served: Served) -> None:
    waits(ctx, room_arrived=10)
    stated(served, 900, times=2)
    ctx.store.client.hset(ctx.store.keys.room("acme"), "on its way", "10 1")
    ctx.store.client.hset(ctx.store.keys.message("on its way"), mapping=RECORD)
    guard_quota(ctx, "acme")
    assert events(ctx) == ["mailbox.filling"]

    ctx.store.client.hset(ctx.store.keys.message("on its way"), "state", "delivered")
    guard_quota(ctx, "acme")
    assert events(ctx) == ["mailbox.filling"], "what came is counted by the next reading"
    stated(served, 900, times=2)
    guard_quota(ctx, "acme")
    guard_quota(ctx, "acme")

    assert events(ctx) == ["mailbox.filling", "account.paused"]
    reason = accounts.state_of(ctx.store, "acme").reason
    assert reason
    assert (reason.code, reason.details["share"]) == (accounts.MAILBOX_FULL, 0.9)


RECORD: dict[Any, Any] = {
    "account": "acme", "state": "sent", "created_at": "2026-11-29T10:00:00.000Z", "version": "1", "subject": "s",
    "updated_at": "2026-11-29T10:00:00.000Z", "recipient": "x@pec.example", "body": "b", "room": "10",
}  # fmt: skip


def test_waiting_for_long_is_a_pause_too(ctx: WorkerContext, served: Served) -> None:
    waits(ctx, no_room_since=ctx.store.now() - PAUSED_AFTER_SECONDS - 1)
    ctx.store.client.hset(ctx.store.keys.room("acme"), "on its way", "102400 1")
    ctx.store.client.hset(ctx.store.keys.message("on its way"), mapping=RECORD)
    ctx.store.client.zadd(ctx.store.keys.awaiting("acme"), {"on its way": 1})
    stated(served, 790)

    guard_quota(ctx, "acme")

    reason = accounts.state_of(ctx.store, "acme").reason
    assert reason
    assert reason.description.startswith("the mailbox is 79% full, and receipts on their way may take 0.1 MB")


def test_messages_that_no_mailbox_of_this_size_has_room_for_are_held_and_others_go_on(
    ctx: WorkerContext, served: Served
) -> None:
    waits(ctx, needed=2 * LIMIT * KIB)
    queued(ctx, "too", room=3 * LIMIT * KIB)
    queued(ctx, "with room", room=KIB)  # of one age, so the lane is in order of ids
    stated(served, 100)

    guard_quota(ctx, "acme")

    assert [state(ctx, name) for name in ("too", "waits", "with room")] == [
        State.HELD,
        State.HELD,
        State.QUEUED,
    ]
    held = records.read(ctx.store, "waits")
    assert held
    assert held.reason
    assert held.reason.code == "mailbox_too_small"
    picked = pick(ctx.store, Hint(ctx.token("acme"), "0"), ["acme"], ctx.settings.api, 60)
    assert picked
    assert picked.message.id == "with room"
    assert "account.paused" not in events(ctx)


@pytest.mark.parametrize("refused", [(400, {"success": False}), (403, {"success": False})])
def test_a_quota_that_the_api_refuses_to_state_limits_nothing(
    ctx: WorkerContext, served: Served, refused: tuple[int, Any]
) -> None:
    forget_room(ctx)
    waits(ctx)
    plant(served, *refused)

    guard_quota(ctx, "acme")

    known = room.read(ctx.store, "acme")
    assert (known.waits_since, known.left) == (None, None)


def test_a_quota_that_could_not_be_read_is_read_again_soon_while_sends_wait(
    ctx: WorkerContext, served: Served
) -> None:
    plant(served, 500, "", times=2)
    guard_quota(ctx, "acme")
    assert due_in(ctx) > RETRY_SECONDS

    waits(ctx)
    guard_quota(ctx, "acme")

    assert due_in(ctx) <= RETRY_SECONDS
    assert room.read(ctx.store, "acme").waits_since


def test_a_mailbox_that_another_worker_serves_is_left_to_it_at_once(ctx: WorkerContext) -> None:
    waits(ctx)

    guard_quota(replace(ctx, settings=ctx.settings.model_copy(update={"accounts": {}})), "acme")

    assert due_in(ctx) <= timedelta(seconds=3).total_seconds()


def test_another_pause_is_not_ended_by_room(ctx: WorkerContext, served: Served) -> None:
    accounts.pause(ctx.store, "acme", Reason("operator", "by hand"))
    stated(served, 1)

    guard_quota(ctx, "acme")

    assert accounts.state_of(ctx.store, "acme").reason
