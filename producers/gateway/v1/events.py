"""GET /v1/events by cursor, and /v1/events/stream as server-sent events that resume where they broke off."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from pec.store import event_log
from pec.store.event_log import START, ordered
from pec.store.store import Store
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway, Here
from producers.gateway.event_hub import Listener, Published, published
from producers.gateway.v1.callers import Reader
from producers.gateway.v1.models import Events
from producers.gateway.v1.names import sees_all
from producers.gateway.v1.refusals import refusals
from producers.gateway.v1.token_watch import TokenWatch

router = APIRouter(prefix="/events", tags=["Events"])
MAX_LOOKED_AT = 2000
_PAGE = 500
BEAT_SECONDS = 15.0
CLOCK_SECONDS = 10.0  # by which clocks of servers may differ: a cursor at the end is so much older than now
POSITION = r"^[0-9]{1,15}-[0-9]{1,12}$"
_STREAM = "text/event-stream"
Types = Annotated[list[str], Query(alias="type", max_length=50, description="one or more types; none: all")]
Position = Annotated[str | None, Query(pattern=POSITION, description="`next` of the answer before")]
Wanted = Callable[[Published], bool]


@router.get(
    "",
    operation_id="listEvents",
    summary="List events after a cursor",
    response_model=Events,
    responses=refusals(),
)
def listed(
    caller: Reader,
    gateway: Here,
    after: Position = None,
    type_: Types = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Return the oldest events after the cursor, or of all that are kept. Ask again with `next` to follow them.

    At the end, `next` goes on with the time: it does not show when others had their last event.
    """
    store, wanted = gateway.store, _wanted(caller, type_)
    end = event_log.before_now(store, CLOCK_SECONDS)
    gap = after is not None and event_log.lacks_since(store, after)
    position, found, looked_at = after or START, list[str](), 0
    own = position
    while looked_at < MAX_LOOKED_AT and len(found) < limit:
        page = event_log.page_after(store, position, _PAGE)
        for entry in page:
            position, event = entry.position, published(entry)
            if wanted(event):
                own = position
                found.append(_body(caller, event))
                if len(found) == limit:
                    break
        looked_at += len(page)
        if len(page) < _PAGE:
            if not sees_all(caller):
                position = own if len(found) == limit else max(own, end, key=ordered)
            break
    stated = f'{{"events":[{",".join(found)}],"next":"{position}","gap":{str(gap).lower()}}}'
    return Response(stated, media_type="application/json")


@router.get(
    "/stream",
    operation_id="streamEvents",
    summary="Follow events as they are published",
    response_class=StreamingResponse,
    responses={
        **refusals(),
        200: {
            "description": "server-sent events: `id` is the cursor, `event` the type, `data` the event as JSON",
            "content": {_STREAM: {"schema": {"type": "string"}}},
        },
    },
)
async def stream(
    caller: Reader,
    gateway: Here,
    last_event_id: Annotated[str | None, Header(pattern=POSITION)] = None,
    after: Position = None,
    type_: Types = [],  # noqa: B006 - FastAPI copies it
) -> StreamingResponse:
    """Go on after `Last-Event-ID`, or else after `after`; without both, begin with the next event.

    A comment comes every 15 seconds if nothing else does. The stream ends within a minute after the token does.
    """
    begin = last_event_id or after
    now = await run_in_threadpool(
        event_log.before_now, gateway.store
    )  # first: it must be before what is missed
    last = await run_in_threadpool(event_log.last, gateway.store)
    gap = begin is not None and await run_in_threadpool(event_log.lacks_since, gateway.store, begin)
    gateway.hub.require_room(caller.token.id)  # while there is no answer yet
    shown = begin or (last if sees_all(caller) else now)
    frames = _frames(gateway, caller, _wanted(caller, type_), begin or last, last, shown, gap=gap)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type=_STREAM, headers=headers)


async def _frames(
    gateway: Gateway, caller: Caller, wanted: Wanted, position: str, last: str, shown: str, *, gap: bool
) -> AsyncIterator[bytes]:
    def fits(account: str | None) -> bool:
        return _may_see(caller, account)

    watch = TokenWatch(gateway.store, caller)
    with gateway.hub.listening(caller.token.id, fits, last) as listener:
        yield b": gap: events were deleted since\n" if gap else b": listening\n"
        yield f"id: {shown}\n\n".encode()  # a client that loses the connection now goes on from here
        arguments = gateway.store, caller, wanted
        while page := await to_thread.run_sync(_page, *arguments, position, limiter=gateway.threads.events):
            position, frames = page
            for frame in frames:
                if await watch.has_ended():
                    return
                yield frame
        async for frame in _live(watch, caller, wanted, listener, position):
            yield frame


def _page(store: Store, caller: Caller, wanted: Wanted, position: str) -> tuple[str, list[bytes]] | None:
    """Return the position after the next events, and the frames of those that are wanted; None at the end."""
    events = [published(one) for one in event_log.page_after(store, position, _PAGE)]
    if not events:
        return None
    return events[-1].position, [_frame(caller, one) for one in events if wanted(one)]


async def _live(
    watch: TokenWatch, caller: Caller, wanted: Wanted, listener: Listener, position: str
) -> AsyncIterator[bytes]:
    """Yield what comes after the position: the listener has some of what was read from the stream, too."""
    read_to = ordered(position)
    async for event in listener.events(BEAT_SECONDS):
        if await watch.has_ended():
            return
        if event is None:
            yield b":\n\n"
        elif ordered(event.position) > read_to:
            read_to = ordered(event.position)
            if wanted(event):
                yield _frame(caller, event)


def _wanted(caller: Caller, types: list[str]) -> Wanted:
    return lambda event: _may_see(caller, event.account) and (not types or event.type in types)


def _may_see(caller: Caller, account: str | None) -> bool:
    return sees_all(caller) or (account is not None and caller.may_use(account))


def _body(caller: Caller, event: Published) -> str:
    return event.body if sees_all(caller) else event.nameless


def _frame(caller: Caller, event: Published) -> bytes:
    return f"id: {event.position}\nevent: {event.type}\ndata: {_body(caller, event)}\n\n".encode()
