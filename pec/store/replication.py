"""Waiting until replicas have what was written, so that a failover loses nothing that was acknowledged."""

from collections.abc import Callable, Sequence
from typing import Any

from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import NoScriptError

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


def run_intake(store: Store, name: str, args: Sequence[str | bytes | float], milliseconds: int) -> Any:
    """Run a script that is refused at maxmemory, and wait for replicas, in one round trip. Return its reply."""
    arguments = [store.keys.namespace, *args]
    return run_script(store, store.script(name, intake=True), arguments, milliseconds)


def run_script(
    store: Store,
    script: Script,
    args: Sequence[str | bytes | float],
    milliseconds: int,
    check: Callable[[Any], None] = lambda reply: None,
) -> Any:
    """Run a script and wait for replicas, in one round trip. Return its reply, or raise what `check` raises of it.

    Raise TooFewReplicas: the script ran, and a failover may lose what it wrote.
    """
    try:
        return _run(store, script, args, milliseconds, check)
    except NoScriptError:
        store.client.script_load(script.script)
        return _run(store, script, args, milliseconds, check)


def _run(
    store: Store,
    script: Script,
    args: Sequence[str | bytes | float],
    milliseconds: int,
    check: Callable[[Any], None],
) -> Any:
    with store.client.pipeline(transaction=False) as pipeline:
        script(args=args, client=pipeline)
        pipeline.scripts.clear()  # else redis-py asks first, each time, whether the server has it
        [reply] = execute(store, pipeline, milliseconds, check)
    return reply
