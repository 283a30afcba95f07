"""How far along messages are, and how long what waits may take: pure functions for `watch` and `status`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pec.attempts import Attempt, may_matter, replaced
from pec.instants import ROME
from pec.messages import Message
from pec.names import ENDS, State
from pec.store.commits import lane_score


@dataclass(frozen=True, slots=True)
class Place:
    """Where one message stands. Of two in a lane, the one with the lower score goes first."""

    state: State
    account: str
    score: int


@dataclass(slots=True)
class Tally:
    """The messages that are followed, by where they stand. Of several attempts, counts have the last."""

    places: dict[str, Place] = field(default_factory=dict)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _replaced: dict[str, str] | None = None

    def note(self, message: Message) -> None:
        self.places[message.id] = Place(message.state, message.account, int(lane_score(message)))
        self._attempts.pop(message.id, None)
        if may_matter(message.id, message.state):
            self._attempts[message.id] = Attempt.of(message)
        self._replaced = None

    @property
    def replaced(self) -> dict[str, str]:
        """Return the ids of messages that later attempts replaced, with those attempts' ids."""
        if self._replaced is None:
            self._replaced = replaced(self._attempts.values())
        return self._replaced

    @property
    def counts(self) -> dict[State, int]:
        """By state, in the order of states."""
        found = Counter(place.state for place in self._last_places())
        return {state: found[state] for state in State if found[state]}

    @property
    def ended(self) -> int:
        return sum(place.state in ENDS for place in self.places.values())

    @property
    def all_delivered(self) -> bool:
        return all(place.state is State.DELIVERED for place in self._last_places())

    def _last_places(self) -> Iterator[Place]:
        return (place for message, place in self.places.items() if message not in self.replaced)

    def last_queued(self) -> dict[str, str]:
        """Of each account, the message that will be sent last."""
        last: dict[str, tuple[int, str]] = {}
        for message, place in self.places.items():
            if place.state is State.QUEUED:
                last[place.account] = max(last.get(place.account, (-1, "")), (place.score, message))
        return {account: message for account, (_, message) in last.items()}


def sends_until(position: int, other_lanes: Iterable[int]) -> int:
    """Sends of a token until the message at this position (from 0) of a lane is sent, itself included.

    Accounts take turns: while ours sends so many, each other sends as many, if it has them.
    """
    own = position + 1
    return own + sum(min(depth, own) for depth in other_lanes)


def summary(counts: dict[State, int], rejected: int = 0, seconds_to_send: float | None = None) -> str:
    """`2 delivered · 5 queued · all sent in about 6 s`."""
    parts = [f"{count} {state}" for state, count in counts.items()]
    parts += [f"{rejected} rejected"] if rejected else []
    if seconds_to_send is not None and counts.get(State.QUEUED):
        parts.append(f"all sent in about {duration(seconds_to_send)}")
    return " · ".join(parts) or "waiting for a worker to take it"


def duration(seconds: float) -> str:
    """`45 s`, `6 min`, `2 h 05 min`, `3 d 4 h`: as exact as an estimate deserves."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h"


def clock(instant: datetime, now: datetime) -> str:
    """`14:05:09`, `14:05` or `2026-11-26 00:00`: a time in Rome, as exact as its distance deserves."""
    here, today = instant.astimezone(ROME), now.astimezone(ROME).date()
    if abs((instant - now).total_seconds()) < 600:
        return here.strftime("%H:%M:%S")
    return here.strftime("%H:%M" if here.date() == today else "%Y-%m-%d %H:%M")


def age(since: datetime | None, now: datetime) -> str | None:
    """`6 min`; None where there is nothing that could be old."""
    return None if since is None else duration((now - since).total_seconds())
