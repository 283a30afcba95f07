"""Progress of messages, and durations and times as people read them. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from config.texts import Text, _, joined, ngettext
from pec.attempts import Attempt, may_matter, replaced
from pec.instants import ROME
from pec.messages import Message
from pec.names import ENDS, State
from pec.operations.status.state_counts import count_of
from pec.store.commits import lane_score


@dataclass(frozen=True, slots=True)
class Place:
    """The state and lane of one message. In a lane, the lower score goes first."""

    state: State
    account: str
    score: int


@dataclass(slots=True)
class Tally:
    """The messages that are followed, each with its place. Of several attempts, counts have the last."""

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
        """Return how many are in each state, in the order of states."""
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
        """Return the message of each account that will be sent last."""
        last: dict[str, tuple[int, str]] = {}
        for message, place in self.places.items():
            if place.state is State.QUEUED:
                last[place.account] = max(last.get(place.account, (-1, "")), (place.score, message))
        return {account: message for account, (_, message) in last.items()}


def sends_until(position: int, other_lanes: Iterable[int]) -> int:
    """Return how many sends a token makes until it has sent the message at this position (from 0) of a lane.

    Accounts rotate: while this one sends some, each other sends as many, if it has them.
    """
    own = position + 1
    return own + sum(min(depth, own) for depth in other_lanes)


def summary(counts: dict[State, int], rejected: int = 0, seconds_to_send: float | None = None) -> str:
    """Return `2 delivered · 5 queued · all sent in about 6 s`."""
    parts: list[str] = [count_of(state, count) for state, count in counts.items()]
    if rejected:
        parts.append(ngettext("{count} rejected", "{count} rejected", rejected).format(count=rejected))
    if seconds_to_send is not None and counts.get(State.QUEUED):
        parts.append(_("all sent in about {duration}").format(duration=duration(seconds_to_send)))
    return joined(" · ", parts) or _("waiting for a worker to take it")


def duration(seconds: float) -> str:
    """Return `45 s`, `6 min`, `2 h 05 min` or `3 d 4 h`: as exact as an estimate deserves."""
    whole = max(0, round(seconds))
    if whole < 90:
        return _("{seconds} s").format(seconds=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes < 24 * 60:
        return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=f"{minutes % 60:02d}")
    hours = round(minutes / 60)
    return _("{days} d {hours} h").format(days=hours // 24, hours=hours % 24)


def times_in_a_row(count: int) -> Text:
    """Return `3 times in a row`."""
    return ngettext("{count} time", "{count} times in a row", count).format(count=count)


def clock(instant: datetime, now: datetime) -> str:
    """Return `14:05:09`, `14:05` or `2026-11-26 00:00`: a time in Rome, as exact as its distance deserves."""
    here, today = instant.astimezone(ROME), now.astimezone(ROME).date()
    if abs((instant - now).total_seconds()) < 600:
        return here.strftime("%H:%M:%S")
    return here.strftime("%H:%M" if here.date() == today else "%Y-%m-%d %H:%M")


def age(since: datetime | None, now: datetime) -> str | None:
    """Return `6 min`, or None if there is no instant."""
    return None if since is None else duration((now - since).total_seconds())
