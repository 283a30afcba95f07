"""The claim of one message and the slot it is sent in, against a real API."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pec.http.connection import Connection
from pec.messages import Message
from pec.names import State
from pec.store.clock import local_clock
from pec.store.commits import commit_to_replicas
from pec.store.pacing import Picked
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import queued, read
from tests.wire import Peer, Wire, eventually
from workers.api_reach import ApiReach
from workers.context import WorkerContext
from workers.metrics.counters import MeteredClient
from workers.rate_limiter import LATE_SECONDS, NoSlot, SendPermit
from workers.tasks import send


def test_a_claim_that_takes_longer_than_its_slot_is_kept_for_the_next(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claims_take(monkeypatch, send.CLAIM_LEAD_SECONDS + 5 * LATE_SECONDS)
    message = queued(ctx, "slow-claim")

    send.send(_at_rate(ctx, 5), _permit(_at_rate(ctx, 5), message))

    assert read(ctx, message).state is State.SENT
    assert _states_published(ctx, message.id) == ["queued", "sending", "sent"], "it never went back"


def test_the_connection_is_looked_at_after_the_claim_and_before_the_clock(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued(ctx, "slow-look")
    late = _lateness_of_first_bytes(monkeypatch)
    looked_at = _looks_at_the_connection_take(monkeypatch, 0.5, lambda: read(ctx, message).state)

    send.send(ctx, _permit(ctx, message))

    assert looked_at == [State.SENDING]
    assert [seconds < 0.4 for seconds in late] == [True]


@pytest.mark.parametrize("waits_for", ["wait", "missed_slot"])
def test_an_api_that_hangs_up_before_the_first_byte_gets_the_message_later(
    ctx: WorkerContext, monkeypatch: pytest.MonkeyPatch, waits_for: str
) -> None:
    """While the slot is waited for, or Redis at the slot."""
    we_wait = threading.Event()

    def hang_up(_: Peer) -> None:
        we_wait.wait(60)

    with Wire(hang_up) as wire:
        step = getattr(SendPermit, waits_for)

        def hung_up_meanwhile(permit: SendPermit, **given: float) -> Any:
            if waits_for == "wait" or permit.lateness_seconds() >= 0:
                we_wait.set()
                eventually(lambda: wire.ended == 1)
                time.sleep(2 * send.CHECK_AGE_SECONDS)
            return waits_for == "wait" and step(permit, **given)

        monkeypatch.setattr(SendPermit, waits_for, hung_up_meanwhile)
        far = _with_api(ctx, wire.url)
        message = queued(far, "hung-up")

        send.send(far, _permit(far, message))

        found = read(ctx, message)
        assert (found.state, found.reason and found.reason.code) == (State.QUEUED, "hung_up")
        assert wire.bytes_received == 0


@pytest.mark.parametrize("slow", ["claiming", "moving its slot"])
def test_a_claim_that_has_grown_old_is_undone(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    (_claims_take if slow == "claiming" else _moves_take)(monkeypatch, 0.5)
    monkeypatch.setattr(send, "CLAIM_AGE_SECONDS", 0.4)
    message, before = queued(ctx, "old-claim"), len(served.sent())

    send.send(_at_rate(ctx, 5), _permit(_at_rate(ctx, 5), message))

    assert read(ctx, message).state is State.QUEUED
    assert len(served.sent()) == before


def test_a_slot_that_lies_beyond_the_end_of_a_claim_is_given_back_at_once(
    ctx: WorkerContext, served: Served
) -> None:
    slow = _at_rate(ctx, 0.5)
    first, second = _permit(slow, queued(ctx, "first")), _permit(slow, queued(ctx, "second"))
    first.reserve()

    with pytest.raises(NoSlot):
        second.reserve(until=local_clock() + 1)
    second.reserve(until=local_clock() + 6)


def test_a_message_put_back_takes_no_place_on_the_wire_from_the_next_worker(
    ctx: WorkerContext, served: Served
) -> None:
    permit = _permit(ctx, queued(ctx, "put-back"))
    flight = ctx.store.keys.in_flight(permit.picked.token)

    permit.put_back("unused")
    ctx.store.client.zadd(flight, {"put-back": 2**60})  # another thread picked it at once
    permit.finish("unused")

    assert ctx.store.client.zscore(flight, "put-back")


def _claims_take(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    def slow(*args: Any) -> Message:
        found = commit_to_replicas(*args)
        time.sleep(seconds)  # this is how slow it is
        return found

    monkeypatch.setattr(send, "commit_to_replicas", slow)


def _looks_at_the_connection_take(
    monkeypatch: pytest.MonkeyPatch, seconds: float, meanwhile: Callable[[], State]
) -> list[State]:
    """Return the states at the looks, as they come."""

    def slow(connection: Connection) -> bool:
        states.append(meanwhile())
        time.sleep(seconds)  # this is how slow it is
        return is_idle(connection)

    is_idle, states = Connection.idle, list[State]()
    monkeypatch.setattr(Connection, "idle", slow)
    return states


def _lateness_of_first_bytes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    late: list[float] = []
    monkeypatch.setattr(SendPermit, "note_first_byte", lambda permit: late.append(permit.lateness_seconds()))
    return late


def _moves_take(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Once claimed: no slot is missed, but to know that takes long."""
    missed_slot = SendPermit.missed_slot

    def slow(permit: SendPermit) -> bool:
        if permit.lateness_seconds() >= 0:
            time.sleep(seconds)  # this is how slow it is
            return False
        return missed_slot(permit)

    monkeypatch.setattr(SendPermit, "missed_slot", slow)


def _with_api(ctx: WorkerContext, url: str) -> WorkerContext:
    api = ctx.settings.api.model_copy(update={"url": url})
    return replace(
        ctx,
        settings=ctx.settings.model_copy(update={"api": api}),
        client=MeteredClient(api),
        api_reach=ApiReach(),
    )


def _at_rate(ctx: WorkerContext, rate: float) -> WorkerContext:
    api = ctx.settings.api.model_copy(update={"rate": rate})
    return replace(ctx, settings=ctx.settings.model_copy(update={"api": api}))


def _permit(ctx: WorkerContext, message: Message) -> SendPermit:
    return SendPermit(ctx, Picked(ctx.token(message.account), message, probe=False))


def _states_published(ctx: WorkerContext, message_id: str) -> list[str]:
    entries: Any = ctx.store.client.xrange(ctx.store.keys.events)
    types = [fields[b"type"].decode() for _, fields in entries if message_id.encode() in fields[b"event"]]
    return [name.removeprefix("message.") for name in types]
