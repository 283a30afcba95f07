"""A stream of events that never falls silent ends with its token, while it catches up and while it is live."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from config.settings import Settings
from pec.store import event_log, tokens
from pec.store.store import Store
from pec.tokens import SCOPES, Token
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway, opened
from producers.gateway.event_hub import Published
from producers.gateway.v1 import events, token_watch
from producers.gateway.v1.token_watch import TokenWatch

TOKEN = Token("0" * 12, "b", frozenset(SCOPES), frozenset({"acme"}), 10.0, datetime(2026, 11, 29, tzinfo=UTC))
CALLER = Caller(TOKEN, ("", ""), 0.0)


@pytest.fixture
def context(store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The context of a gateway, in which the token is looked at with each event."""
    monkeypatch.setattr(token_watch, "CHECK_SECONDS", 0.0)
    assert tokens.create(store, TOKEN, "digest")
    settings = Settings.model_validate({"redis_url": redis_url, "api": {"token": "token"}})
    with opened(settings) as gateway:
        yield gateway


def publish(store: Store, name: str) -> None:
    body = f'{{"type":"message.sent","data":{{"id":"acme:{name}","account":"acme"}}}}'
    store.client.xadd(store.keys.events, {"id": f"evt_{name}", "type": "message.sent", "event": body})


def every(event: Published) -> bool:
    return True


async def revoked_at(store: Store, name: str, stream: AsyncIterator[bytes]) -> list[bytes]:
    """Read a stream to its end. With the frame of this message, the token is revoked and another event published."""
    found: list[bytes] = []
    async with asyncio.timeout(20):
        async for frame in stream:
            found.append(frame)
            if name.encode() in frame:
                tokens.revoke(store, TOKEN)
                publish(store, "later")
    return found


def test_a_live_stream_ends_with_the_next_event_after_its_token(context: Gateway, store: Store) -> None:
    async def scenario() -> list[bytes]:
        last = event_log.last(store)
        with context.hub.listening(TOKEN.id, lambda account: True, last) as listener:
            publish(store, "one")
            watch = TokenWatch(store, CALLER)
            return await revoked_at(store, "one", events._live(watch, CALLER, every, listener, last))

    [one] = asyncio.run(scenario())

    assert b"acme:one" in one


def test_a_stream_that_catches_up_ends_with_its_token(context: Gateway, store: Store) -> None:
    for name in ("one", "two", "three"):
        publish(store, name)

    async def scenario() -> list[bytes]:
        frames = events._frames(context, CALLER, every, "0-0", event_log.last(store), "0-0", gap=False)
        return await revoked_at(store, "one", frames)

    _, place, one = asyncio.run(scenario())

    assert place == b"id: 0-0\n\n"
    assert b"acme:one" in one
