"""The watch of the way to the API, with real connections: sends are given back, and go on once a probe gets through."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import SkipMessage

from pec.api.client import PecClient
from pec.api.transport import ApiConnection
from pec.names import Queue, State
from pec.reasons import reason_by_code
from pec.store.dispatch import DispatchRequest
from pec.store.pacing import Picked
from tests.cut_way import CutWay, cut_way
from tests.integration.sandbox.serving import Served
from tests.integration.workers.messages import queued, read
from tests.wire import eventually
from workers.api_reach import PATIENCE_SECONDS, ApiReach
from workers.broker import HintBroker
from workers.context import WorkerContext
from workers.middleware.api_watch import FIRST_AGAIN_SECONDS, MAX_AGAIN_SECONDS, ApiWatch
from workers.middleware.heartbeat import Heartbeat
from workers.middleware.scheduler import Scheduler
from workers.rate_limiter import RateLimiter, SendPermit
from workers.tasks.send import send


@pytest.fixture
def way(served: Served) -> Iterator[CutWay]:
    with cut_way(served.url) as found:
        yield found


@pytest.fixture
def far(ctx: WorkerContext, way: CutWay) -> Iterator[WorkerContext]:
    """A context whose way to the API can be cut."""
    api = ctx.settings.api.model_copy(update={"url": way.url, "connect_timeout_seconds": 0.3})
    settings = ctx.settings.model_copy(update={"api": api})
    with closing(PecClient(api)) as client:
        yield replace(ctx, settings=settings, client=client, api_reach=ApiReach())


def permit_of(ctx: WorkerContext, name: str) -> SendPermit:
    return SendPermit(ctx, Picked(ctx.token("acme"), queued(ctx, name), probe=False))


def test_a_send_that_fails_to_connect_starts_a_doubt_that_a_probe_settles(
    far: WorkerContext, way: CutWay
) -> None:
    watch, found = ApiWatch(far), far.api_reach
    way.cut()
    permit = permit_of(far, "m")

    send(far, permit)

    assert read(far, permit.message).state is State.QUEUED
    assert found.doubted_since is not None
    assert (watch._step(), watch._step()) == (FIRST_AGAIN_SECONDS, 2 * FIRST_AGAIN_SECONDS)
    assert found.lost is not None
    assert found.lost.code == "timeout"

    way.mend()
    watch._step()

    assert found.is_good
    assert far.became_due.is_set(), "the scheduler looks for sends"
    again = permit_of(far, "again")
    send(far, again)
    assert read(far, again.message).state is State.SENT


def test_probes_come_a_few_seconds_apart_however_long_it_lasts(far: WorkerContext, way: CutWay) -> None:
    watch = ApiWatch(far)
    way.cut()
    far.api_reach.doubt(far.now())

    assert [watch._step() for _ in range(4)][-1] <= MAX_AGAIN_SECONDS

    way.mend()
    watch._step()
    way.cut()
    far.api_reach.doubt(far.now())
    assert watch._step() == FIRST_AGAIN_SECONDS, "the next time is another one"


def test_a_connection_that_hangs_starts_a_doubt_before_it_fails(far: WorkerContext) -> None:
    times = iter([0.0, PATIENCE_SECONDS + 0.1])
    far = replace(far, api_reach=ApiReach(lambda: next(times)))
    far.api_reach.start_opening(permit_of(far, "hangs"))

    ApiWatch(far)._step()

    assert far.became_due.is_set(), "a probe answered the doubt"


def test_the_place_of_a_send_whose_connection_does_not_open_is_freed(far: WorkerContext) -> None:
    permit = permit_of(far, "hangs")
    flight = far.store.keys.in_flight(far.token("acme"))
    far.store.client.zadd(flight, {"hangs": (far.store.now() + 60) * 1e6})
    far.api_reach.start_opening(permit)
    far.api_reach.doubt(far.now())

    ApiWatch(far)._step()

    assert far.store.client.zcard(flight) == 0


def test_a_send_that_failed_has_no_place_that_could_be_freed(far: WorkerContext, way: CutWay) -> None:
    """Its message may be in other hands by then, with a place of its own."""
    permit = permit_of(far, "m")
    way.cut()
    send(far, permit)
    flight = far.store.keys.in_flight(permit.picked.token)
    far.store.client.zadd(flight, {"m": (far.store.now() + 60) * 1e6})

    ApiWatch(far)._step()

    assert far.store.client.zcard(flight) == 1


def test_a_send_whose_place_was_freed_is_put_back_though_its_connection_opens_then(
    far: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another send may have the place by now: with both, more would be on the wire than PEC_API__IN_FLIGHT."""
    permit, before = permit_of(far, "late"), len(served.sent())
    watch, opened = ApiWatch(far), ApiConnection.open

    def open_late(connection: ApiConnection) -> None:
        monkeypatch.setattr(ApiConnection, "open", opened)  # as the probe finds it
        far.api_reach.doubt(far.now())
        watch._step()
        opened(connection)

    monkeypatch.setattr(ApiConnection, "open", open_late)

    send(far, permit)

    assert len(served.sent()) == before
    assert read(far, permit.message).state is State.QUEUED
    assert far.store.client.zscore(far.store.keys.lane("acme"), "late") is not None
    assert far.store.client.zcard(far.store.keys.in_flight(permit.picked.token)) == 0


def test_while_in_doubt_nothing_is_picked_and_another_process_gets_the_hint(far: WorkerContext) -> None:
    queued(far, "waits")
    far.api_reach.doubt(far.now())
    token = far.token("acme")
    far.store.client.zadd(far.store.keys.hints(token), {"7": (far.store.now() + 60) * 1e6})
    message: Any = dramatiq.Message("send", "send", (token, "7"), {}, {})
    limiter = RateLimiter(far)
    far.store.set_due(Queue.SEND, token, far.store.now() + 60)
    broker = HintBroker(lambda _: 1, lambda _: True, client=far.store.client, middleware=[limiter])
    dramatiq.actor(actor_name="send", queue_name="send", broker=broker, paced=True)(lambda *_: None)

    with pytest.raises(SkipMessage):
        limiter.before_process_message(broker, message)

    assert far.store.client.zcard(far.store.keys.hints(token)) == 0
    assert far.store.client.zcard(far.store.keys.lane("acme")) == 1
    due: Any = far.store.client.zscore(far.store.keys.due(Queue.SEND), token)
    assert due <= far.store.now(), "at once, not when the lease of the hint ends"


def test_while_in_doubt_a_picked_message_is_put_back_unsent(far: WorkerContext, served: Served) -> None:
    permit, before = permit_of(far, "back"), len(served.sent())
    far.api_reach.doubt(far.now())

    send(far, permit)

    assert len(served.sent()) == before
    assert far.store.client.zscore(far.store.keys.lane("acme"), "back") is not None


def test_while_in_doubt_its_scheduler_gives_out_what_needs_no_api(far: WorkerContext) -> None:
    queued(far, "m")
    made = Scheduler(far)
    broker = HintBroker(lambda _: 9, lambda _: True, client=far.store.client, middleware=[])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker)(lambda *_: None)
    for queue in Queue:
        broker.consume(queue, timeout=1)
    request = DispatchRequest(tokens=far.accounts_by_token(), lease_seconds=60)
    made.serve(broker, [Queue.SEND, Queue.CHECK, Queue.RELEASE], request)
    for queue in (Queue.CHECK, Queue.RELEASE):
        far.store.set_due(queue, "m", far.store.now() - 1)
    far.api_reach.doubt(far.now())

    made._step()

    assert broker.room(Queue.RELEASE) == 17, "it has one hint"
    assert broker.room(Queue.CHECK) == 18
    assert broker.room(Queue.SEND) == 9


def test_while_in_doubt_hints_of_others_stay_in_their_queue(far: WorkerContext) -> None:
    broker = HintBroker(lambda _: 2, far.api_reach.serves, client=far.store.client, middleware=[])
    for queue in Queue:
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker)(lambda *_: None)
    consumer = broker.consume(Queue.CHECK, timeout=1)
    far.api_reach.doubt(far.now())
    broker.get_actor(Queue.CHECK).send("m")

    assert next(consumer) is None

    far.api_reach.find(0.1)
    eventually(lambda: next(consumer))


def test_the_heartbeat_reports_it_and_takes_it_back(far: WorkerContext) -> None:
    beating = Heartbeat(far, "w1")

    def reported() -> Any:
        return far.store.client.hget(far.store.keys.worker("w1"), "api_lost")

    far.api_reach.doubt(far.now())
    beating._step()
    assert reported() == b"", "a probe may still succeed"

    far.api_reach.lose(reason_by_code("timeout"))
    beating._step()
    assert b"timeout" in reported()

    far.api_reach.find(0.1)
    beating._step()
    assert reported() == b""
