"""Which worker processes are alive, everywhere or on one host."""

import os

import redis

from pec.store import heartbeat
from pec.store.store import Store


def live_workers(store: Store) -> set[str]:
    """Return the ids of workers that beat within half a minute."""
    return heartbeat.live(store, "worker")


def served_queues(store: Store) -> set[str]:
    """Return the queues that live workers serve."""
    return heartbeat.live(store, "queue")


def live_workers_on(store: Store, host: str) -> set[str]:
    """Return those of this host that are still a process here: a killed one stays registered for half a minute."""
    return {
        name
        for name, about in heartbeat.workers(store).items()
        if about["host"] == host and _is_process(int(about["pid"]))
    }


def no_worker_runs(store: Store) -> bool:
    """Return False also if the user of Redis may not ask: a producer's jobs are enqueued all the same."""
    try:
        return not live_workers(store)
    except redis.RedisError:
        return False


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True
