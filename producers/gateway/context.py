"""The context of one gateway process, and how requests reach it. Nothing of it outlives the process."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request
from redis.backoff import NoBackoff
from redis.retry import Retry

from archive.vault import Vault
from archive.vault.installation import open_vault
from config.redis_connection import connect
from config.settings import Settings
from pec.api.client import PecClient
from pec.store.store import Store
from producers.gateway.answered import Answered
from producers.gateway.event_hub import EventHub
from producers.gateway.memory import Memory
from producers.gateway.room import Room
from producers.gateway.threads import Threads

PROBE_SECONDS = 1.5  # of a readiness check, which asks Redis once
_MIN_MEMORY_BYTES = 64_000_000  # for the bodies of one token


class SlowCalls:
    """Threads of their own: what hangs in some of them holds up no others."""

    def __init__(self) -> None:
        self.probes = Threads(4)
        self.upstream = Threads(16)
        self.archive = Threads(8)
        self.bundles = Threads(2)  # each judges signatures
        self.webhooks = Threads(4)
        self.events = CapacityLimiter(2)  # of streams that catch up: each waits for its turn


@dataclass(frozen=True, slots=True)
class Gateway:
    """`probe` is an impatient client of the same Redis. `memory` bounds the bodies that are held at once,
    and `room` what they add to Redis.

    `vault` is the archive, or None if the settings name none. `hub` reads events for all listeners.
    `answered` takes note of answers that were given. `threads` are for calls that wait for something else than Redis.
    """

    settings: Settings
    store: Store
    probe: Store
    client: PecClient
    memory: Memory
    room: Room
    vault: Vault | None
    hub: EventHub
    answered: Answered
    threads: SlowCalls

    @property
    def max_body_bytes(self) -> int:
        """Return the largest body of a request: a message as JSON can be twice as long as on the wire."""
        return 2 * self.settings.api.max_bytes


@contextmanager
def opened(settings: Settings) -> Iterator[Gateway]:
    """Yield the context of a process, whose Redis may not answer yet."""
    impatient = connect(settings.redis_url, timeout_seconds=PROBE_SECONDS)
    impatient.set_retry(Retry(NoBackoff(), 0))
    with (
        closing(connect(settings.redis_url)) as client,
        closing(impatient),
        closing(PecClient(settings.api)) as api,
        closing(EventHub(store := Store(client, settings.namespace, settings.redis_replicas))) as hub,
        closing(Answered(store, settings.gateway.repeat_window_seconds)) as answered,
    ):
        yield Gateway(
            settings=settings,
            store=store,
            probe=Store(impatient, settings.namespace),
            client=api,
            memory=_memory(settings),
            room=Room(settings, store),
            vault=open_vault(settings.archive, store),
            hub=hub,
            answered=answered,
            threads=SlowCalls(),
        )


def _memory(settings: Settings) -> Memory:
    """Return a bound that leaves a third for others, if one token takes all that it may."""
    of_token = max(_MIN_MEMORY_BYTES, 2 * settings.api.max_bytes)
    return Memory(of_token * 3 // 2, of_token)


async def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


Here = Annotated[Gateway, Depends(_gateway)]
