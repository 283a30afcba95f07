"""Pace and rotation: which message is sent next, and when. The scripts hold the rules, on Redis's clock."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from config.settings import Api
from pec.instants import ROME, day_start, from_epoch, month_start
from pec.messages import Message, UnsupportedRecord, from_hash
from pec.names import Queue
from pec.store.commits import lane_score
from pec.store.store import ScriptCall, Store, text, text_dict, text_list, unique, wall_clock

_DAY, _MONTH = "%Y-%m-%d", "%Y-%m"
MAX_SLOTS_AHEAD = 2
MIN_AHEAD_SECONDS = 0.2  # a thread that is ready so early may wait for its slot, however many come before
MARGIN_SECONDS, MAX_MARGIN = 0.003, 0.02  # the default, and the most: the share of an interval
GIVEN_LATE_SECONDS = 0.05  # where intervals allow it, the next slot is given so long after this one began
GIVEN_LATE_FROM_SECONDS = 0.15  # of an interval: below, slots are given further ahead
READS_AHEAD_SECONDS = 2.0
LEAD_SECONDS = 0.5  # loading, encoding and connecting take so long, before a send can take its slot
HINT_LEASE_INTERVALS = 3  # beyond the lead: a hint that died with its process holds its token up no longer
HINT_LEASE_MIN_SECONDS = 1.5  # so that a busy process is not overrun with hints
Outcome = Literal["answered", "unreachable", "silent", "unused"]


@dataclass(frozen=True, slots=True)
class Hint:
    """That one message of a token may be picked."""

    token: str
    number: str


@dataclass(frozen=True, slots=True)
class Picked:
    """The message whose turn it is. `probe`: the API has been silent, try it with a harmless call first."""

    token: str
    message: Message
    probe: bool
    body: bytes | None = None  # its HTML, where it is small enough to come along


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may be made, and when Redis said so: epoch seconds on Redis's clock."""

    at: float
    said_at: float
    interval_seconds: float = 0.0  # to the next
    id: str = field(default_factory=unique)  # by which it is given back once


@dataclass(frozen=True, slots=True)
class Usage:
    """Sends that a token made in this day and month of Europe/Rome, which its caps count."""

    today: int
    this_month: int


@dataclass(frozen=True, slots=True)
class TooEarly:
    """No slot is near: the next one begins after this many seconds, if there is one then."""

    wait_seconds: float


def digest(token: str) -> str:
    """Return the digest that stands for a bearer token in Redis."""
    return hashlib.blake2b(token.encode(), digest_size=8, person=b"pec token").hexdigest()


def margin_seconds(api: Api) -> float:
    """Return the most that is added between two sends. It is capped, or it would slow a fast pace down."""
    margin = MARGIN_SECONDS if api.margin_seconds is None else api.margin_seconds
    return min(margin, MAX_MARGIN / api.rate)


def interval_seconds(api: Api) -> float:
    """Return the seconds between two sends of one token, with the most that is added."""
    return 1 / api.rate + margin_seconds(api)


def are_given_late(api: Api) -> bool:
    """Return whether a slot is given only once the one before has begun: until then, a late send can move it."""
    return 1 / api.rate >= GIVEN_LATE_FROM_SECONDS


def lead_seconds(api: Api) -> float:
    """Return how long before its slot a hint is given."""
    return min(LEAD_SECONDS, max(MIN_AHEAD_SECONDS, MAX_SLOTS_AHEAD * interval_seconds(api)))


def hint_lease_seconds(api: Api) -> float:
    """Return how long a hint may be on its way before another is given in its place."""
    return max(HINT_LEASE_MIN_SECONDS, LEAD_SECONDS + HINT_LEASE_INTERVALS * interval_seconds(api))


def pick(
    store: Store, hint: Hint, accounts: Collection[str], api: Api, lease_seconds: float
) -> Picked | None:
    """Take the next message of these accounts out of its lane, for the length of a lease. It is not claimed yet.

    Raise UnsupportedRecord if a newer version wrote the message; it is due again when its lease ends.
    """
    arguments = (hint.token, hint.number, round(lease_seconds * 1e6), api.places, _listed(accounts))
    while text((reply := store.run("pick", *arguments))[0]) == "parked":
        pass  # a step of its own, so that Redis serves others in between
    if text(reply[0]) != "picked":
        return None
    _, _, message_id, probe, stored, *body = reply
    try:
        message = from_hash(text(message_id), text_dict(stored))
    except UnsupportedRecord:
        finish_send(store, hint.token, text(message_id), "unused")
        raise
    return Picked(hint.token, message, text(probe) == "1", *body)


def drop_hint(store: Store, hint: Hint) -> None:
    """Have another given in its place at once: no message was picked for this one."""
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.zrem(store.keys.hints(hint.token), hint.number)
        pipeline.zadd(store.keys.due(Queue.SEND), {hint.token: store.now()}, xx=True)
        pipeline.execute()


def _listed(accounts: Collection[str]) -> str:
    """Return the names between commas, so that the script can find one."""
    return f",{','.join(accounts)},"


def put_back(store: Store, message: Message) -> None:
    """Put a picked message that was not claimed back into its place in line."""
    not_after = f"{message.not_after.timestamp():.3f}" if message.not_after else ""
    store.run("put_back", message.account, message.id, lane_score(message), not_after)


def send_ahead_seconds(api: Api) -> float:
    """Return how far ahead a slot for a send lies at most: two intervals, or 0.2 s if they are short."""
    return max(MAX_SLOTS_AHEAD * interval_seconds(api), MIN_AHEAD_SECONDS)


def reserve_send(
    store: Store, token: str, api: Api, margin: float | None = None, ahead_seconds: float | None = None
) -> Slot | TooEarly:
    """Return a slot for one send that is at most so far ahead (None: `send_ahead_seconds`).

    `margin` (None: the most): so much later than allowed the next one is, in seconds.
    """
    interval = interval_seconds(api) if margin is None else 1 / api.rate + margin
    limiter, most_seconds = store.keys.limiter(token), send_ahead_seconds(api)
    return _reserve(store, limiter, interval, most_seconds, api, ahead_seconds)


def reserve_read(
    store: Store, token: str, api: Api, ahead_seconds: float = READS_AHEAD_SECONDS
) -> Slot | TooEarly:
    """Return a slot for one call that is not a send."""
    most_seconds = READS_AHEAD_SECONDS
    return _reserve(store, store.keys.reads(token), 1 / api.read_rate, most_seconds, None, ahead_seconds)


def release_slot(store: Store, token: str, slot: Slot) -> None:
    """Give back a slot that was missed, or not needed."""
    _release(store, token, slot, round(slot.interval_seconds * 1e6))


def shift_slot(store: Store, token: str, slot: Slot, late_seconds: float | None = None) -> Slot | None:
    """Let the slot begin so much later (None: now), so that the next keeps its distance.

    Return None if the next was given already.
    """
    slot_us, interval_us = round(slot.at * 1e6), round(slot.interval_seconds * 1e6)
    late_us = "" if late_seconds is None else round(late_seconds * 1e6)
    reply = store.script("shift_slot")(args=[store.keys.limiter(token), slot_us, interval_us, late_us])
    return None if reply is None else replace(slot, at=int(reply) / 1e6)


def refund_send(store: Store, token: str, slot: Slot) -> None:
    """Take a send that was refused out of the counts of the caps. Its slot stays used."""
    _release(store, token, slot, 0)


def _release(store: Store, token: str, slot: Slot, interval_us: int) -> None:
    day = datetime.fromtimestamp(slot.at, ROME)
    args: list[str | int] = [
        *(store.keys.limiter(token), round(slot.at * 1e6), interval_us, slot.id),
        *(day.strftime(_DAY), day.strftime(_MONTH)),
    ]
    store.script("release_slot")(args=args)


def finish_send(store: Store, token: str, message_id: str, outcome: Outcome, hold_seconds: float = 0) -> None:
    """Note that a message is off the wire, and the outcome. `hold_seconds`: the token sends nothing so long (429)."""
    store.run("finish_send", token, message_id, outcome, hold_seconds)


def finish_send_call(
    store: Store, token: str, message_id: str, outcome: Outcome, hold_seconds: float = 0
) -> ScriptCall:
    """Return the call of `finish_send` for `Store.pipeline`."""
    return ScriptCall("finish_send", [store.keys.namespace, token, message_id, outcome, hold_seconds])


def in_flight_command(store: Store, token: str, message_id: str, until: float) -> list[str | float]:
    """Return the command that takes a place on the wire until then (epoch seconds), for the commit of a claim."""
    return ["ZADD", store.keys.in_flight(token), str(round(until * 1e6)), message_id]


def usage(store: Store, token: str) -> Usage:
    """Return the sends that count against the token's caps now."""
    return usage_of(text_dict(store.client.hgetall(store.keys.limiter(token))), store.now())


def usage_of(limiter: Mapping[str, str], now: float) -> Usage:
    """Return the same from a limiter's hash."""
    today = datetime.fromtimestamp(now, ROME)
    return Usage(
        today=int(limiter["day_count"]) if limiter.get("day") == today.strftime(_DAY) else 0,
        this_month=int(limiter["month_count"]) if limiter.get("month") == today.strftime(_MONTH) else 0,
    )


def sends_last_minute(limiter: Mapping[str, str], now: float) -> int:
    """Return the slots of the last whole minute from a limiter's hash, without those given back."""
    return _sends_in(limiter, int(now // 60) - 1)


def sends_lately(limiter: Mapping[str, str], now: float) -> int:
    """Return the slots of the last whole minute and since, those that lie ahead included."""
    this = int(now // 60)
    return sum(_sends_in(limiter, minute) for minute in range(this - 1, this + 2))


def _sends_in(limiter: Mapping[str, str], minute: int) -> int:
    known, _, count = limiter.get(f"minute{minute % 4}", "").partition(" ")
    return int(count) if known == str(minute) else 0


def _reserve(
    store: Store,
    limiter: str,
    interval: float,
    max_ahead: float,
    capped: Api | None,
    ahead: float | None = None,
) -> Slot | TooEarly:
    asked_ahead = max_ahead if ahead is None else ahead
    interval_us, max_us, asked_us = (round(seconds * 1e6) for seconds in (interval, max_ahead, asked_ahead))
    counted: tuple[str | int, ...] = ()
    if capped:
        counted = (capped.daily_cap or 0, capped.monthly_cap or 0, *_calendar(int(wall_clock() // 3600)))
    arguments = (limiter, interval_us, max_us, asked_us, *counted)
    [reply] = store.together([ScriptCall("reserve", arguments)])
    if isinstance(reply, Exception):
        raise reply
    outcome, *numbers = text_list(reply)
    if outcome == "slot":
        return Slot(int(numbers[0]) / 1e6, int(numbers[1]) / 1e6, interval)
    return TooEarly(int(numbers[0]) / 1e6)


@lru_cache(maxsize=8)
def _calendar(hour: int) -> tuple[str | int, ...]:
    """Return days and months of Europe/Rome around an hour (since the epoch); the script chooses by Redis's clock."""
    now = from_epoch(hour * 3600)
    days = [day_start(now, shift) for shift in range(-1, 3)]
    months = [month_start(now, shift) for shift in range(-1, 3)]
    return (*_spans(days, _DAY), *_spans(months, _MONTH))


def _spans(starts: Sequence[datetime], label: str) -> Iterator[str | int]:
    """Yield the label of each period, when it starts and when it ends; the likeliest period first."""
    for start, end in sorted(pairwise(starts), key=lambda span: span[0] != starts[1]):
        yield from (start.strftime(label), int(start.timestamp()), int(end.timestamp()))
