"""Whether a slot was missed."""

import time
from dataclasses import replace
from typing import Any

import pytest

from pec.store import pace
from pec.store.clock import RedisClock, local_clock
from pec.store.pace import Picked, Slot
from tests.integration.sandbox.serving import Served
from tests.integration.workers import test_scanning as scanning
from tests.integration.workers.test_reconciling import queued
from workers.kit import Kit
from workers.turn import LATE_OF_SHORT_SECONDS, LATE_SECONDS, UNSURE_SECONDS, Turn

kit, served = scanning.kit, scanning.served


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
    kit: Kit, served: Served, rate: float, late_seconds: float, missed: bool
) -> None:
    api = kit.settings.api.model_copy(update={"rate": rate})
    paced = replace(kit, settings=kit.settings.model_copy(update={"api": api}))
    turn = Turn(paced, Picked("token", queued(kit, "m"), probe=False))
    now = kit.now().timestamp()
    turn._slot = Slot(now - late_seconds, now)

    assert turn.come_too_late() == missed


def test_a_slot_begun_a_little_late_keeps_the_next_at_its_distance(kit: Kit, served: Served) -> None:
    """After idle times the claim itself makes the first send late."""
    turn, next_turn = (Turn(kit, Picked("token", queued(kit, name), probe=False)) for name in "mn")
    turn.reserve()
    turn.wait()
    time.sleep(LATE_SECONDS * 3)

    assert not turn.come_too_late()
    began = local_clock()
    next_turn.reserve()

    interval = pace.interval_seconds(kit.settings.api)
    assert -next_turn.lateness_seconds() > interval - (local_clock() - began) - 0.005


@pytest.mark.parametrize(("margin", "moved"), [(0.0, False), (0.003, True)])
def test_without_a_margin_a_send_that_is_hardly_late_costs_no_pace(
    kit: Kit, served: Served, margin: float, moved: bool
) -> None:
    api = kit.settings.api.model_copy(update={"margin": margin})
    paced = replace(kit, settings=kit.settings.model_copy(update={"api": api}))
    paced.know_the_clock(LATE_SECONDS / 10)
    turn = Turn(paced, Picked("token", queued(kit, "m"), probe=False))
    turn.reserve()
    slot = turn._slot
    turn.wait()
    time.sleep(LATE_SECONDS * 0.7)

    assert not turn.come_too_late()
    assert (turn._slot != slot) == moved


@pytest.mark.parametrize("next_is_given", [False, True])
def test_the_time_that_moving_a_slot_takes_makes_it_late_too(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch, next_is_given: bool
) -> None:
    postpone = pace.postpone_send

    def slowly(*args: Any) -> Slot | None:
        moved = postpone(*args)
        time.sleep(LATE_SECONDS * 3)  # a busy machine
        return moved

    monkeypatch.setattr(pace, "postpone_send", slowly)
    turn, next_turn = (Turn(kit, Picked("token", queued(kit, name), probe=False)) for name in "mn")
    turn.reserve()
    if next_is_given:
        next_turn.reserve()
    turn.wait()
    time.sleep(kit.settings.api.margin + 0.001)

    assert turn.come_too_late()


def test_a_clock_that_is_known_badly_is_asked_again_before_a_slot_is_waited_for(
    kit: Kit, served: Served
) -> None:
    unsure = replace(kit, clock=RedisClock())
    heard = unsure.store.now()
    unsure.clock.observe(heard, local_clock() - 1, local_clock() + 1)  # a reply that took long

    Turn(unsure, Picked("token", queued(kit, "m"), probe=False)).reserve()

    assert unsure.clock.unsure_seconds() <= UNSURE_SECONDS


def test_what_is_not_known_of_the_clock_counts_as_lateness(kit: Kit, served: Served) -> None:
    unsure = replace(kit, clock=RedisClock())
    now = unsure.store.now()
    unsure.clock.observe(now, local_clock() - LATE_SECONDS * 3, local_clock() + LATE_SECONDS * 3)
    turn = Turn(unsure, Picked("token", queued(kit, "m"), probe=False))
    turn._slot = Slot(now + LATE_SECONDS, now)

    assert turn.lateness_seconds() < 0
    assert turn.come_too_late()
