"""One campaign through many cuts, judged by the checker of chaos; and how long work and sends stood still."""

import json
import math
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

from config.redis_connection import REDIS_ERRORS, RedisUnreachable
from producers import Producer
from tests.chaos.campaign import Campaign, Entry, plain_campaign
from tests.chaos.observation import Observation, journal, observe
from tests.chaos.settling import settled
from tests.chaos.takeover import in_hand, picked
from tests.hosts.cuts import Cut, cuts
from tests.hosts.installation import LEASE_SECONDS, Installation, installation
from tests.hosts.network import network

REST_SECONDS = (1.0, 2.5)  # between two cuts
EACH_SECONDS = 10.0  # that a cut takes with its rest, on average
AT_ONCE = 5  # the share of the campaign that is there from the start, as a divisor
PATIENCE_SECONDS = 150.0
ACCOUNTS = ("acme", "gamma")  # each with a token of its own
TOKENS = len(ACCOUNTS)


@dataclass(slots=True)
class Outcome:
    """Counts of harm by kind, and seconds."""

    messages: int
    cuts: Counter[str]
    harms: dict[str, list[str]]
    uncertain: int
    held: int
    resumed_seconds: list[float]  # from a worker host's cut until others went on with its work
    stops_seconds: dict[str, list[float]]  # of sends, after each cut, by its kind
    settled_seconds: float

    @property
    def is_harmless(self) -> bool:
        return not any(self.harms.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "cuts": dict(self.cuts),
            "harms": {kind: len(found) for kind, found in self.harms.items()},
            "uncertain": self.uncertain,
            "held": self.held,
            "resumed_seconds": self.resumed_seconds,
            "stops_seconds": self.stops_seconds,
            "settled_seconds": self.settled_seconds,
        }


def run(
    folder: Path,
    messages: int,
    count: int,
    seed: int,
    say: Callable[[str], object] = lambda _: None,
    *,
    only: str = "",
    seconds: float = 0.0,
    lease: float = LEASE_SECONDS,
) -> Outcome:
    """One run, in a folder that stays. Raise CannotMakeHosts. Called from the main thread.

    `only`: cuts of this kind. `seconds`: each so long; 0: as long as its kind says.
    """
    rate = max(1.0, messages / max(1.0, count * max(EACH_SECONDS, seconds)) / TOKENS)
    campaign = plain_campaign(messages, ACCOUNTS, at_once=messages // AT_ONCE, each_second=TOKENS * rate)
    with network() as net, installation(folder, net, rate, lease) as found:
        feeder = _Feeder(found.ha.url, campaign.entries)
        feeder.start()
        done = list(_cut_all(found, cuts(random.Random(seed), count, only, seconds), say))
        calm = time.monotonic()
        feeder.join(PATIENCE_SECONDS)
        patience = PATIENCE_SECONDS + messages / (TOKENS * rate)
        seen, harms = settled(
            lambda: _look(found, campaign, feeder.added, rate), lambda: _mind(found), patience
        )
        feeder.stop()
        settled_seconds = time.monotonic() - calm
        notes = journal(folder)
        posts = sorted(call.at for call in found.api.calls if call.method == "POST")
    seen.dump(folder / "observation.json")
    return Outcome(
        messages=len(feeder.added),
        cuts=Counter(cut.kind for cut, *_ in done),
        harms=harms,
        uncertain=len({one["data"]["id"] for one in seen.events if one["type"] == "message.uncertain"}),
        held=sum(record["state"] == "held" for record in seen.records.values()),
        resumed_seconds=list(_resumed(notes, done)),
        stops_seconds=_stops(posts, done),
        settled_seconds=settled_seconds,
    )


Done = tuple[Cut, float, float, list[int]]  # a cut, when it began and ended, and the host's processes


def _cut_all(found: Installation, planned: Iterator[Cut], say: Callable[[str], object]) -> Iterator[Done]:
    for number, cut in enumerate(planned):
        pids = found.pids(cut.of) if cut.of in found.machines else []
        mend = cut.begin(found, cut.of)
        began = time.monotonic()
        say(
            f"{number + 1:4} {cut.kind} {cut.of} for {cut.seconds:.1f} s; {len(found.api.calls)} calls so far"
        )
        _wait(found, cut.seconds)
        mend()
        ended = time.monotonic()
        found.continued.append(ended)
        _wait(found, random.uniform(*REST_SECONDS))
        yield cut, began, ended, pids


def _wait(found: Installation, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        _mind(found)


def _mind(found: Installation) -> None:
    for machine in found.machines.values():
        machine.mind()
    time.sleep(0.05)  # until a machine's end is looked for again


class _Feeder(Thread):
    """Adds each job at its time, and again until it is acknowledged, as a producer has to."""

    def __init__(self, url: str, entries: Sequence[Entry]) -> None:
        super().__init__(name="feeder", daemon=True)
        self._url = url
        self._waiting = deque(entries)
        self._stopping = Event()
        self.added: dict[str, dict[str, Any]] = {}

    def stop(self) -> None:
        self._stopping.set()
        self.join(10)

    def run(self) -> None:
        began = time.monotonic()
        with Producer(self._url, replicas=1) as producer:
            while self._waiting and not self._stopping.is_set():
                entry = self._waiting[0]
                self._stopping.wait(entry.at - (time.monotonic() - began))
                with suppress(RedisUnreachable, *REDIS_ERRORS):
                    self.added[_add(producer, entry)] = {"job_id": entry.job_id, "refused": False}
                    self._waiting.popleft()


def _add(producer: Producer, entry: Entry) -> str:
    """Return the entry's id in the stream."""
    return producer.send(**_fields(entry)).entry


def _fields(entry: Entry) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(entry.job)
    del job["type"]
    return job


def _look(
    found: Installation, campaign: Campaign, added: dict[str, dict[str, Any]], rate: float
) -> Observation:
    """Look. A lost answer is known by its event: a cut, not a fault of the API, lost it."""
    seen = observe(found, campaign, added, rate)
    doubted = {one["data"]["id"] for one in seen.events if one["type"] == "message.uncertain"}
    seen.in_dead_hands = sorted(doubted)
    return seen


def _resumed(notes: Sequence[dict[str, Any]], done: Sequence[Done]) -> Iterator[float]:
    """Return the seconds from each cut of a worker host until another host went on with what it had in hand."""
    begun: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for note in notes:
        if "begun" in note:
            begun[tuple(note["begun"])].append((note["at"], note["pid"]))
        if "picked" in note:
            begun["send", note["picked"]].append((note["at"], note["pid"]))
    for cut, began, ended, pids in done:
        if cut.kind not in ("worker host", "worker host to Redis"):
            continue
        for pid in pids:
            work = {one for one in in_hand(notes, began, pid) if one[0] != "send"}
            work |= {("send", one) for one in picked(notes, began, pid)}
            for one in work:
                later = [at for at, other in begun[one] if began < at <= ended and other != pid]
                if later:
                    yield min(later) - began


def _stops(posts: Sequence[float], done: Sequence[Done]) -> dict[str, list[float]]:
    """Return the longest pause of sends after each cut, until the next one, while some were left."""
    found: dict[str, list[float]] = defaultdict(list)
    for (cut, began, _, _), following in zip(done, [one[1] for one in done[1:]] + [math.inf], strict=True):
        if posts[-1] > following:
            around = [began, *(one for one in posts if one > began)]
            pauses = [later - earlier for earlier, later in pairwise(around) if earlier < following]
            found[cut.kind].append(max(pauses))
    return found
