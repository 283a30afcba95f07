"""Reads the facts that a message's wait depends on: account, place in line, due tasks, workers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from config.settings import Settings
from pec.instants import from_epoch
from pec.messages import Message
from pec.names import Queue
from pec.operations.status.api_reach import nobody_reaches
from pec.operations.status.diagnosis import Cap, Replicas, WaitContext
from pec.operations.status.lane_forecast import goes_on_at, last_turn_at, turn_at, used_up
from pec.operations.status.load_overview import load_overview
from pec.operations.status.overview import Lane, Overview, Token
from pec.store import batches
from pec.store.batches import PausedBatch
from pec.store.store import Store

HOLD_SHOWN_SECONDS = 3.0  # shorter waits are the pace itself


def load_wait_context(store: Store, settings: Settings, message: Message) -> WaitContext:
    """Return the WaitContext of one message: the overview, and what concerns this message alone."""
    found = load_overview(store, settings)
    lane = found.lanes.get(message.account) or Lane(account=message.account, served=False)
    token = found.tokens.get(lane.token or "")
    due = {queue: store.client.zscore(store.keys.due(queue), message.id) for queue in Queue}
    [place] = positions(store, {message.account: message.id}).values()
    return WaitContext(
        now=found.now,
        paused=lane.paused,
        paused_batch=next((one for one in found.paused_batches if one.name == message.batch), None),
        account_served=lane.served,
        queues_served=frozenset(set(Queue) - set(found.unserved_queues)),
        due={queue: from_epoch(float(at)) for queue, at in due.items() if at is not None},
        position=place,
        turn_at=None if place is None else turn_at(found, message.account, place),
        silent_answers=found.api_failures if found.circuit_open else 0,
        probe_at=found.probe_at,
        out_of_reach=nobody_reaches(found),
        replicas=_replicas(store, settings),
        cap=_cap(found, token),
        on_hold_until=_still_until(found, token),
        room=lane.room,
        unreadable=lane.unreadable,
        unreadable_at=lane.unreadable_at,
        broker=found.broker,
    )


def load_paused_batch(store: Store, batch: str) -> PausedBatch | None:
    """Return since when and why a batch is paused, or None if it is not."""
    return batches.state_of(store, batch)


def positions(store: Store, messages: Mapping[str, str]) -> dict[str, int | None]:
    """Return how many of its lane go before each of these, one an account, or None if it stands in no lane."""
    with store.client.pipeline(transaction=False) as pipeline:
        for account, message in messages.items():
            pipeline.zrank(store.keys.lane(account), message)
        return dict(zip(messages, pipeline.execute(), strict=True))


def seconds_to_send(store: Store, settings: Settings, last: Mapping[str, str]) -> float | None:
    """Return the time until these messages, one an account, are sent, or None if one is paused or not in line."""
    found = load_overview(store, settings)
    at = last_turn_at(found, positions(store, last))
    return None if at is None else (at - found.now).total_seconds()


def _replicas(store: Store, settings: Settings) -> Replicas | None:
    if not settings.redis_replicas:
        return None
    info: Any = store.client.info("replication")
    connected = int(info.get("connected_slaves", 0))
    return Replicas(settings.redis_replicas, connected) if connected < settings.redis_replicas else None


def _cap(found: Overview, token: Token | None) -> Cap | None:
    full = used_up(token) if token else None
    if token is None or full is None:
        return None
    goes_on = goes_on_at(found, token)
    return Cap(*full, goes_on) if goes_on else None


def _still_until(found: Overview, token: Token | None) -> datetime | None:
    """Return until when the API asked the token to wait (429); a wait that a full cap sets counts as the cap."""
    if token is None or token.on_hold_until is None or used_up(token):
        return None
    left = (token.on_hold_until - found.now).total_seconds()
    return token.on_hold_until if left > max(HOLD_SHOWN_SECONDS, 2 * token.interval_seconds) else None
