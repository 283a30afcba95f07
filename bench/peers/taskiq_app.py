"""taskiq, as its documentation has it: the stream broker, which acknowledges, and its scheduler for delays.

The documentation names no rate limit, so that it takes no part in the benchmark of the pace.
"""

import os
from datetime import UTC, datetime, timedelta

from taskiq import TaskiqEvents, TaskiqScheduler, TaskiqState
from taskiq.middlewares import SmartRetryMiddleware
from taskiq_redis import ListRedisScheduleSource, RedisStreamBroker

from bench.peers import async_work, messages

source = ListRedisScheduleSource(os.environ["BENCH_REDIS"])
broker = RedisStreamBroker(os.environ["BENCH_REDIS"]).with_middlewares(
    SmartRetryMiddleware(default_retry_label=True, default_retry_count=1000, schedule_source=source)
)
scheduler = TaskiqScheduler(broker, [source])
work: async_work.Work


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_session(_: TaskiqState) -> None:
    global work
    work = async_work.Work()


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close_session(_: TaskiqState) -> None:
    await work.session.close()


@broker.task
async def send(number: int) -> None:
    await _report(await async_work.keep(number, "sending"))
    code = await work.post(number)
    await _report(await async_work.keep(number, "sent", code=code))
    if messages.FOLLOWED:
        await _check_in(messages.FIRST_CHECK, number, code)


@broker.task
async def check(number: int, code: str) -> None:
    state = await work.state_shown(number, code)
    for new in messages.news(await async_work.known_state(number), state):
        await _report(await async_work.keep(number, new))
    if state != "delivered":
        await _check_in(messages.NEXT_CHECK, number, code)


@broker.task
async def webhook(event: str) -> None:
    await work.report(event)


@broker.task
async def take(number: int) -> None:
    await _report(await async_work.keep(number, "queued"))
    await send.kiq(number)


async def _check_in(seconds: float, number: int, code: str) -> None:
    await check.schedule_by_time(source, datetime.now(UTC) + timedelta(seconds=seconds), number, code)


async def _report(event: str) -> None:
    if messages.FOLLOWED:
        await webhook.kiq(event)
