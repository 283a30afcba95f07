"""The claim of one message and the slot it is sent in, against a real API."""

import time
from dataclasses import replace
from typing import Any

import pytest

import workers.sending as sending
from pec.messages import Message
from pec.names import State
from pec.store.clock import local_clock
from pec.store.commits import commit_to_replicas
from pec.store.pace import Picked
from tests.integration.sandbox.serving import Served
from tests.integration.workers import test_scanning as scanning
from tests.integration.workers.test_reconciling import queued, read
from workers.kit import Kit
from workers.turn import LATE_SECONDS, NotNow, Turn

kit, served = scanning.kit, scanning.served


def test_a_claim_that_takes_longer_than_its_slot_is_kept_for_the_next(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claims_take(monkeypatch, sending.CLAIM_LEAD_SECONDS + 5 * LATE_SECONDS)
    message = queued(kit, "slow-claim")

    sending.send(_at_rate(kit, 5), _turn(_at_rate(kit, 5), message))

    assert read(kit, message).state is State.SENT
    assert _states_told(kit, message.id) == ["queued", "sending", "sent"], "it never went back"


@pytest.mark.parametrize("slow", ["claiming", "moving its slot"])
def test_a_claim_that_has_grown_old_is_undone(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    (_claims_take if slow == "claiming" else _moves_take)(monkeypatch, 0.5)
    monkeypatch.setattr(sending, "CLAIM_AGE_SECONDS", 0.4)
    message, before = queued(kit, "old-claim"), len(served.sent())

    sending.send(_at_rate(kit, 5), _turn(_at_rate(kit, 5), message))

    assert read(kit, message).state is State.QUEUED
    assert len(served.sent()) == before


def test_a_slot_that_lies_beyond_the_end_of_a_claim_is_given_back_at_once(kit: Kit, served: Served) -> None:
    slow = _at_rate(kit, 0.5)
    first, second = _turn(slow, queued(kit, "first")), _turn(slow, queued(kit, "second"))
    first.reserve()

    with pytest.raises(NotNow):
        second.reserve(until=local_clock() + 1)
    second.reserve(until=local_clock() + 6)


def test_a_message_put_back_takes_no_place_on_the_wire_from_whoever_has_it_next(
    kit: Kit, served: Served
) -> None:
    turn = _turn(kit, queued(kit, "put-back"))
    flight = kit.store.keys.flight(turn.picked.token)

    turn.put_back("unused")
    kit.store.client.zadd(flight, {"put-back": 2**60})  # another thread picked it at once
    turn.end("unused")

    assert kit.store.client.zscore(flight, "put-back")


def _claims_take(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    def slow(*args: Any) -> Message:
        found = commit_to_replicas(*args)
        time.sleep(seconds)
        return found

    monkeypatch.setattr(sending, "commit_to_replicas", slow)


def _moves_take(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Once claimed: no slot is missed, but to know that takes long."""
    come_too_late = Turn.come_too_late

    def slow(turn: Turn) -> bool:
        if turn.lateness_seconds() >= 0:
            time.sleep(seconds)
            return False
        return come_too_late(turn)

    monkeypatch.setattr(Turn, "come_too_late", slow)


def _at_rate(kit: Kit, rate: float) -> Kit:
    api = kit.settings.api.model_copy(update={"rate": rate})
    return replace(kit, settings=kit.settings.model_copy(update={"api": api}))


def _turn(kit: Kit, message: Message) -> Turn:
    return Turn(kit, Picked(kit.token(message.account), message, probe=False))


def _states_told(kit: Kit, message_id: str) -> list[str]:
    entries: Any = kit.store.client.xrange(kit.store.keys.events)
    types = [fields[b"type"].decode() for _, fields in entries if message_id.encode() in fields[b"event"]]
    return [name.removeprefix("message.") for name in types]
