"""One campaign through one failover. The API's own ledger says what was sent."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread

import redis

from config.redis_connection import RedisUnreachable, connect
from producers import Producer
from tests.acceptance.site import ENDS, Site, eventually, site
from tests.sentinels import Node, Sentinels, sentinels

Event = Callable[[Sentinels], None]
RATE = 20
_REST_SECONDS = 0.05  # between two jobs, and before one that was not acknowledged is repeated


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of harm, and seconds from the event to the next send and of the longest pause after it."""

    gone: int
    twice: int
    stop_seconds: float
    longest_seconds: float
    refusals: int

    @property
    def is_harmless(self) -> bool:
        return not self.gone and not self.twice


def kill(ha: Sentinels) -> None:
    """End the primary as a crash does."""
    ha.primary().kill()


def kill_and_return(ha: Sentinels) -> None:
    """End the primary and start it again on its file, which a Sentinel makes a replica."""
    node = ha.primary()
    node.kill()
    eventually(lambda: ha.primary() is not node)
    node.start()


def planned(ha: Sentinels) -> None:
    """Have a replica promoted while the primary lives."""
    ha.fail_over()


def freeze(ha: Sentinels) -> None:
    """Stop the primary in mid-air, and let it go on when another has its place."""
    node: Node = ha.primary()
    node.signal(signal.SIGSTOP)
    eventually(lambda: ha.primary() is not node)
    node.signal(signal.SIGCONT)


EVENTS: dict[str, Event] = {
    "kill": kill,
    "kill_and_return": kill_and_return,
    "planned": planned,
    "freeze": freeze,
}


def run(
    folder: Path,
    event: Event,
    *,
    jobs: int = 100,
    after: int = 30,
    down_after_ms: int = 5000,
    processes: int = 2,
) -> Outcome:
    """Put the jobs in, one after the other, and make the event happen once some are in."""
    with ExitStack() as stack:
        ha = stack.enter_context(sentinels(folder / "ha", down_after_ms=down_after_ms))
        client = stack.enter_context(connect(ha.url))
        (folder / "site").mkdir()
        at = stack.enter_context(site(client, ha.url, folder / "site", RATE))
        stack.enter_context(at.workers(processes, PEC_REDIS_REPLICAS="1"))
        feeder = _Feeder(ha.url, jobs)
        feeder.start()
        eventually(lambda: feeder.done >= after)
        happened_at = time.time()
        event(ha)
        feeder.join(120)
        ids = [f"job-{number}" for number in range(jobs)]
        eventually(lambda: all(_state(at, one) in (*ENDS, "held") for one in ids), 120)
        return _outcome(at, ids, happened_at, feeder.refusals)


class _Feeder(Thread):
    """Enqueues each job until it is acknowledged, as a producer has to."""

    def __init__(self, url: str, jobs: int) -> None:
        super().__init__(daemon=True)
        self._url, self._jobs = url, jobs
        self.done = self.refusals = 0

    def run(self) -> None:
        with Producer(self._url, replicas=1) as producer:
            while self.done < self._jobs:
                try:
                    producer.send(
                        f"job-{self.done}",
                        "acme",
                        f"consegna+{self.done}@pec.example",
                        "Avviso",
                        "<p>Salve</p>",
                    )
                    self.done += 1
                except RedisUnreachable:
                    self.refusals += 1
                time.sleep(_REST_SECONDS)  # so that its jobs last as long as the outage


def _state(at: Site, message_id: str) -> str:
    with suppress(redis.RedisError):
        return at.state(message_id)
    return ""


def _outcome(at: Site, ids: list[str], happened_at: float, refusals: int) -> Outcome:
    sent = at.sent()
    times = Counter(recipient for one in sent for recipient in one["recipients"])
    states = {one: at.state(one) for one in ids}
    gone = [
        one
        for number, one in enumerate(ids)
        if not times[f"consegna+{number}@pec.example"] and states[one] != "held"
    ]
    moments = sorted(float(one["received_at"]) for one in sent)
    later = [happened_at, *(one for one in moments if one > happened_at)]
    pauses = [after - before for before, after in pairwise(later)]
    return Outcome(
        gone=len(gone),
        twice=sum(1 for count in times.values() if count > 1),
        stop_seconds=round(pauses[0], 1) if pauses else 0.0,
        longest_seconds=round(max(pauses, default=0.0), 1),
        refusals=refusals,
    )
