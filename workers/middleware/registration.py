"""Registration: tells Redis which accounts, endpoints and queues this process serves, as long as it lives."""

import math
import os
import socket
from contextlib import suppress

import dramatiq
import redis
from dramatiq.middleware import Middleware

from config.settings import Settings
from pec.instants import to_text
from pec.names import Queue
from pec.store import accounts, outbox, presence
from workers.kit import Kit
from workers.middleware.background import Background
from workers.orphans import Orphan
from workers.patience import until_stored
from workers.sweeping import EVERYTHING

EVERY_SECONDS = 5.0
LIVES_SECONDS = 30.0


class Registration(Middleware):
    """Never the secrets. Runs once before intake starts, so that no job finds its account unknown."""

    def __init__(self, kit: Kit, worker_id: str) -> None:
        self._kit = kit
        self._id = worker_id
        self._queues: list[str] = []
        self._threads = 0
        self._started_at = to_text(kit.now())
        self._orphan = Orphan()
        self._thread = Background("registration", self._step)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        chosen = worker.consumer_whitelist
        self._queues = [str(queue) for queue in Queue if not chosen or queue in chosen]
        self._threads = worker.worker_threads
        until_stored(self._first_step, patience_seconds=math.inf)
        self._thread.start()

    def _first_step(self) -> None:
        """Until it is done this process takes nothing: jobs would find their accounts unknown."""
        self._orphan.end_if_orphaned()
        for account in self._kit.settings.accounts:
            accounts.register(self._kit.store, account, self._kit.token(account))
        self._first_deeds()
        self._step()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread.stop()
        with suppress(redis.RedisError):  # what is said of it ends by itself
            presence.leave(self._kit.store, self._id, _restores(self._kit.settings))

    def _first_deeds(self) -> None:
        keys, now = self._kit.store.keys, self._kit.store.now()
        client = self._kit.store.client
        client.zadd(keys.due(Queue.SWEEP), {EVERYTHING: now}, nx=True)
        if self._kit.settings.accounts:
            client.zadd(keys.due(Queue.QUOTA), dict.fromkeys(self._kit.settings.accounts, now), nx=True)

    def _step(self) -> float:
        self._orphan.end_if_orphaned()
        settings = self._kit.settings
        self._kit.listen_to_clock()
        outbox.ensure(self._kit.store, _endpoint_names(settings))  # each time: a flush loses the groups
        about = {
            "host": socket.gethostname(),
            "pid": str(os.getpid()),
            "started_at": self._started_at,
            "threads": str(self._threads),
            "queues": " ".join(self._queues),
            "accounts": " ".join(settings.accounts),
        }
        seen = {
            "worker": [self._id],
            "queue": self._queues,
            "account": list(settings.accounts),
            "endpoint": _endpoint_names(settings),
            "restore": _restores(settings),
        }
        self._kit.hear_of_restore(presence.vouch(self._kit.store, seen, LIVES_SECONDS, about))
        return EVERY_SECONDS


def _endpoint_names(settings: Settings) -> list[str]:
    return [endpoint.name for endpoint in settings.webhooks.endpoints]


def _restores(settings: Settings) -> list[str]:
    return [to_text(settings.reconcile_since)] if settings.reconcile_since else []
