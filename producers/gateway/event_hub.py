"""One reader of `pec:events` for all listeners of a process: an idle listener costs a comment now and then."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import redis
import structlog

from config.redis_connection import RedisUnreachable
from pec.account_names import account_of
from pec.http import server_protocol
from pec.names import EventType
from pec.store import event_log
from pec.store.event_log import Entry
from pec.store.store import Store
from producers.gateway.problems import unavailable
from producers.gateway.tenants import without_names

MAX_LISTENERS = 2000  # of one process
MAX_LISTENERS_OF_TOKEN = 20
MAX_WAITING = 1000  # events for one listener; then it is cut off, and resumes where it was
_PAGE = 500
_BLOCK_MILLISECONDS = 2000  # less than the connection's timeout
_PAUSE_SECONDS = 1.0  # while Redis gives no answer
log = structlog.get_logger()

Fits = Callable[[str | None], bool]  # of an account; None: the event is of no account


@dataclass(frozen=True, slots=True)
class Published:
    """An event as listeners get it. `nameless` is its JSON for those who see some accounts only."""

    position: str
    type: str
    account: str | None
    body: str
    nameless: str


def published(entry: Entry) -> Published:
    """Return the event with its webhook-id in the JSON."""
    event: dict[str, Any] = json.loads(entry.body)
    data = event.get("data", {})
    body = _with_id(entry.id, entry.body)
    nameless = body
    if entry.type == EventType.JOB_REJECTED:
        shown = {**event, "data": {**data, "errors": without_names(data.get("errors", []))}}
        nameless = _with_id(entry.id, json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
    return Published(entry.position, entry.type, account_of(data), body, nameless)


def _with_id(event_id: str, body: str) -> str:
    return f'{{"id":{json.dumps(event_id)},{body[1:]}'


class Listener:
    """The events that wait for one connection. It ends when the gateway stops, or when its client is too slow."""

    def __init__(self, token_id: str, fits: Fits) -> None:
        self.token_id = token_id
        self._fits = fits
        self._waiting: asyncio.Queue[Published | None] = asyncio.Queue(MAX_WAITING + 1)
        self._ended = False

    def offer(self, events: Sequence[Published]) -> None:
        for event in events:
            if self._ended:
                return
            if self._fits(event.account):
                if self._waiting.qsize() >= MAX_WAITING:
                    self.end()
                    return
                self._waiting.put_nowait(event)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._waiting.put_nowait(None)

    async def events(self, beat_seconds: float) -> AsyncIterator[Published | None]:
        """Yield events as they come, and None if there was none for a while."""
        while True:
            try:
                event = await asyncio.wait_for(self._waiting.get(), beat_seconds)
            except TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event


class EventHub:
    """Its thread runs while there are listeners."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()
        self._stopped: threading.Event | None = None  # of the thread that runs
        server_protocol.AT_SHUTDOWN.add(self._end_listeners)

    def require_room(self, token_id: str) -> None:
        """Raise a 503 Problem if this process, or this token in it, has as many listeners as it may have."""
        of_token = sum(one.token_id == token_id for one in self._listeners)
        if of_token >= MAX_LISTENERS_OF_TOKEN:
            raise unavailable("too many listeners of this token: close some, or use GET /v1/events")
        if len(self._listeners) >= MAX_LISTENERS:
            raise unavailable("too many listeners: use another process, or GET /v1/events")

    @contextmanager
    def listening(self, token_id: str, fits: Fits, last: str) -> Iterator[Listener]:
        """Yield a listener that misses no event after `last`, the last position a moment ago."""
        self.require_room(token_id)
        listener = Listener(token_id, fits)
        self._listeners.add(listener)
        if self._stopped is None:
            self._stopped = threading.Event()
            arguments = (asyncio.get_running_loop(), self._stopped, last)
            threading.Thread(target=self._read, args=arguments, name="events", daemon=True).start()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._stop()

    def close(self) -> None:
        server_protocol.AT_SHUTDOWN.discard(self._end_listeners)
        self._stop()

    def _stop(self) -> None:
        if self._stopped is not None:
            self._stopped.set()
            self._stopped = None

    def _end_listeners(self) -> None:
        for one in self._listeners:
            one.end()

    def _offer(self, stopped: threading.Event, events: Sequence[Published]) -> None:
        if stopped.is_set():  # another thread began where this one ended
            return
        for one in list(self._listeners):
            one.offer(events)

    def _read(self, loop: asyncio.AbstractEventLoop, stopped: threading.Event, position: str) -> None:
        while not stopped.is_set():
            try:
                entries = event_log.wait_after(self._store, position, _PAGE, _BLOCK_MILLISECONDS)
                events = [published(one) for one in entries]
            except (redis.RedisError, RedisUnreachable) as error:
                log.warning("events_unreadable", error=type(error).__name__)
                stopped.wait(_PAUSE_SECONDS)
                continue
            if events:
                position = events[-1].position
                with suppress(RuntimeError):  # the loop was closed meanwhile
                    loop.call_soon_threadsafe(self._offer, stopped, events)
