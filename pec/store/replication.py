"""Waiting until replicas have what was written, so that a failover loses nothing that was acknowledged."""

from collections.abc import Callable
from typing import Any

from redis.client import Pipeline

from config.replica_wait import replica_wait
from pec.store.store import Store

CLAIM_MILLISECONDS = 1000
JOBS_MILLISECONDS = 3000  # less than the connection's timeout


class TooFewReplicas(Exception):
    """A write is on fewer replicas than must have it, so a failover could lose it."""

    def __init__(self, count: int, wanted: int) -> None:
        super().__init__(f"{count} of {wanted} replicas have it")
        self.count = count
        self.wanted = wanted


def execute(
    store: Store, pipeline: Pipeline, milliseconds: int, check: Callable[[Any], None] = lambda reply: None
) -> list[Any]:
    """Run a pipeline that writes, and wait for replicas, in one round trip. Return the replies.

    Raise what `check` raises of a reply. Raise TooFewReplicas: the writes were done, and a failover may lose them.
    """
    wait = replica_wait(store.client, store.replicas)
    if wait.count:
        pipeline.wait(wait.count, milliseconds)
    replies = pipeline.execute()
    acknowledged = int(replies.pop()) if wait.count else 0
    for reply in replies:
        check(reply)
    if not wait.is_over(acknowledged):
        raise TooFewReplicas(acknowledged, wait.count)
    return replies
