"""Whether a slot was missed."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from pec.store import pacing
from pec.store.clock import RedisClock, local_clock
from pec.store.commits import Commit
from pec.store.pacing import Picked, Slot
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import queued
from workers import rate_limiter
from workers.context import WorkerContext
from workers.margin import MIN_LEARNT_FROM
from workers.rate_limiter import (
    LATE_OF_SHORT_SECONDS,
    LATE_SECONDS,
    MAX_CLOCK_ERROR_SECONDS,
    MOVES_SLOT,
    SendPermit,
)


@pytest.mark.parametrize(
    ("rate", "late_seconds", "missed"),
    [
        (1, LATE_SECONDS * 3, True),
        (1, -1, False),
        (20, LATE_SECONDS * 3, True),
        (100, LATE_SECONDS * 3, False),
        (100, LATE_OF_SHORT_SECONDS * 1.5, True),
    ],
)
def test_a_slot_is_missed_where_its_send_would_be_seen_too_close_to_the_next(
    ctx: WorkerContext,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    rate: float,
    late_seconds: float,
    missed: bool,
) -> None:
    api = ctx.settings.api.model_copy(update={"rate": rate})
    paced = replace(ctx, settings=ctx.settings.model_copy(update={"api": api}), clock=RedisClock())
    permit = SendPermit(paced, Picked("token", queued(ctx, "m"), probe=False))
    now = paced.store.now()
    paced.clock.observe(now, 0, 0)
    permit._slot = Slot(now, now)
    stop_local_clock(monkeypatch, late_seconds)

    assert permit.missed_slot() == missed


def test_a_slot_begun_a_little_late_keeps_the_next_at_its_distance(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After idle times the claim itself makes the first send late."""
    api, late_seconds = ctx.settings.api, LATE_SECONDS * 3
    paced = replace(ctx, clock=RedisClock())
    permit = SendPermit(paced, Picked("token", queued(ctx, "m"), probe=False))
    slot = pacing.reserve_send(ctx.store, "token", api)
    assert isinstance(slot, Slot)
    paced.clock.observe(slot.said_at, 0, 0)
    permit._slot = slot
    time.sleep(slot.at - slot.said_at + late_seconds)
    stop_local_clock(monkeypatch, slot.at - slot.said_at + late_seconds)

    assert not permit.missed_slot()
    following = pacing.reserve_send(ctx.store, "token", api)

    assert isinstance(following, Slot)
    assert permit._slot.at >= slot.at + late_seconds
    assert following.at - permit._slot.at >= pacing.interval_seconds(api) - 0.00001


@pytest.mark.parametrize(("margin", "moved"), [(0.0, False), (0.003, True), (None, True)])
def test_a_first_byte_that_leaves_a_little_late_moves_the_next_slot_unless_there_is_no_margin(
    ctx: WorkerContext,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    margin: float | None,
    moved: bool,
) -> None:
    api = ctx.settings.api.model_copy(update={"rate": 0.1, "margin_seconds": margin})
    late_seconds = LATE_SECONDS * 0.7
    paced = replace(ctx, settings=ctx.settings.model_copy(update={"api": api}), clock=RedisClock())
    permit = SendPermit(paced, Picked("token", queued(ctx, "m"), probe=False))
    slot = pacing.reserve_send(ctx.store, "token", api)
    assert isinstance(slot, Slot)
    paced.clock.observe(slot.said_at, 0, 0)
    permit._slot = slot
    stop_local_clock(monkeypatch, slot.at - slot.said_at + late_seconds)

    assert not permit.missed_slot()
    permit.note_first_byte()
    for moving in threading.enumerate():
        if moving.name == MOVES_SLOT:
            moving.join()
    following = pacing.reserve_send(ctx.store, "token", api, ahead_seconds=60)

    assert isinstance(following, Slot)
    left_at = slot.at + late_seconds if moved else slot.at
    assert following.at - left_at == pytest.approx(1 / api.rate, abs=0.00001)


@pytest.mark.parametrize("hold_seconds", [0.0, 2.0])
def test_a_send_that_the_api_found_too_early_brings_the_greatest_margin_back(
    ctx: WorkerContext, hold_seconds: float
) -> None:
    api = ctx.settings.api.model_copy(update={"rate": 1.0})
    for _ in range(MIN_LEARNT_FROM):
        ctx.margin.observe(0.0)
    learnt = ctx.margin.seconds(api)
    permit = SendPermit(ctx, Picked("token", queued(ctx, "m"), probe=False))

    permit.finish_with(Commit(), "unused", hold_seconds)

    assert learnt < pacing.margin_seconds(api)
    assert ctx.margin.seconds(api) == (pacing.margin_seconds(api) if hold_seconds else learnt)


def test_the_next_slot_is_given_only_once_the_one_before_has_begun(
    ctx: WorkerContext, served: Served
) -> None:
    """Until then, a send that is late can move it."""
    api = ctx.settings.api.model_copy(update={"rate": 5.0})
    paced = replace(ctx, settings=ctx.settings.model_copy(update={"api": api}))
    first, following = (SendPermit(paced, Picked("token", queued(ctx, name), probe=False)) for name in "mn")
    first.reserve()
    following.reserve()

    assert first._slot
    assert following._slot
    assert following._slot.said_at > first._slot.at
    assert following._slot.at > first._slot.at + 0.2


@pytest.mark.parametrize("next_is_given", [False, True])
def test_the_time_that_moving_a_slot_takes_makes_it_late_too(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch, next_is_given: bool
) -> None:
    shift_slot = pacing.shift_slot

    def slowly(*args: Any) -> Slot | None:
        moved = shift_slot(*args)
        time.sleep(LATE_SECONDS * 3)  # a busy machine
        return moved

    monkeypatch.setattr(pacing, "shift_slot", slowly)
    permit, next_permit = (SendPermit(ctx, Picked("token", queued(ctx, name), probe=False)) for name in "mn")
    permit.reserve()
    if next_is_given:
        next_permit.reserve()
    permit.wait()
    time.sleep(LATE_SECONDS + 0.001)

    assert permit.missed_slot()


def test_a_clock_that_is_known_badly_is_asked_again_before_a_slot_is_waited_for(
    ctx: WorkerContext, served: Served
) -> None:
    unsure = replace(ctx, clock=RedisClock())
    redis_now = unsure.store.now()
    unsure.clock.observe(redis_now, local_clock() - 1, local_clock() + 1)  # a reply that took long

    SendPermit(unsure, Picked("token", queued(ctx, "m"), probe=False)).reserve()

    assert unsure.clock.error_seconds() <= MAX_CLOCK_ERROR_SECONDS


def test_what_is_not_known_of_the_clock_counts_as_lateness(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = replace(ctx, clock=RedisClock())
    now = unsure.store.now()
    unsure.clock.observe(now, -LATE_SECONDS * 3, LATE_SECONDS * 3)
    permit = SendPermit(unsure, Picked("token", queued(ctx, "m"), probe=False))
    permit._slot = Slot(now + LATE_SECONDS, now)
    stop_local_clock(monkeypatch, 0)

    assert permit.lateness_seconds() < 0
    assert permit.missed_slot()


def stop_local_clock(monkeypatch: pytest.MonkeyPatch, at: float) -> None:
    """Let the permit see this local time, however long a busy machine takes."""
    monkeypatch.setattr(rate_limiter, "local_clock", lambda: at)
