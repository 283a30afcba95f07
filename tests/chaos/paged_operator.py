"""The operator of a run, and the consumers of its webhooks: what they pause, break and mend."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import redis

from config.redis_connection import connect
from pec.messages import Reason
from pec.store import accounts, batches, dead_letters, imap_state, outbox
from pec.store.store import Store
from tests.chaos.agenda import Agenda, NotYet
from tests.chaos.campaign import ACCOUNTS, BATCH
from tests.chaos.faults import FaultsByName
from tests.chaos.world import MOODY, STEADY, World

OPERATOR_SECONDS = 1.0


class Operator:
    """One who is paged: resumes what an answer paused, and replays what a consumer missed."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self.replayed = 0
        self.by_name: FaultsByName = {
            "pause-batch": self._pause_batch,
            "consumer": self._consumer,
        }

    def _pause_batch(self, seconds: float, cut: str) -> None:
        """`pec pause --batch`, then `pec resume --batch`. What a cut one leaves undone, workers must do."""
        store = Store(self._world.client, "pec")
        if not store.client.exists(store.keys.batch(BATCH)):
            raise NotYet
        self._agenda.within(seconds, partial(self._agenda.until_it_works, partial(self.resume_batch, cut)))
        if cut in ("pause", "both"):
            store.run("pause_batch", BATCH, time.time(), "{}")
        else:
            batches.pause(store, BATCH, Reason(accounts.BY_OPERATOR, "paused by an operator"))

    def resume_batch(self, cut: str = "") -> None:
        store = Store(self._world.client, "pec")
        if cut in ("resume", "both"):
            store.run("resume_batch", BATCH)
        else:
            batches.resume(store, BATCH)

    def _consumer(self, how: str, seconds: float) -> bool:
        if MOODY in self._world.receivers.moods:
            return False
        self._world.receivers.moods[MOODY] = how
        self._agenda.within(seconds, lambda: self._world.receivers.moods.pop(MOODY, None))
        return True

    def look(self) -> None:
        """Look from time to time, as an operator does who is paged: resume accounts that an answer paused."""
        with suppress(redis.RedisError, RuntimeError), _store(self._world) as store:
            for account in ACCOUNTS:
                accounts.resume(store, account)
                imap_state.forgive(store, account, time.time())
            if MOODY not in self._world.receivers.moods:
                self.replayed += _resume_endpoint(store)
        self._agenda.within(OPERATOR_SECONDS, self.look)


@contextmanager
def _store(world: World) -> Iterator[Store]:
    """A store of the operator's own."""
    with connect(world.server.url) as client:
        yield Store(client, "pec")


def _resume_endpoint(store: Store) -> int:
    """`pec resume --endpoint` and `pec replay --dead`, for the consumers that are back. Returns how many letters."""
    replayed = 0
    for state in outbox.status(store, [STEADY, MOODY]):
        if state.disabled or state.failures:
            outbox.enable(store, state.name)
        if state.dead:
            replayed += dead_letters.replay(store, state.name)
    return replayed
