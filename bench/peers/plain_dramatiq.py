"""Plain Dramatiq, as its guide has it: actors, a rate limiter in `with`, retries with backoff, delays.

`BENCH_TUNED=yes` is what a user would find by measuring: short retries, more prefetched, our threads, an HTTP session.
"""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.rate_limits import BucketRateLimiter
from dramatiq.rate_limits.backends import RedisBackend

from bench.peers import messages, work

broker = RedisBroker(url=os.environ["BENCH_REDIS"])
dramatiq.set_broker(broker)
ONE_TOKEN = BucketRateLimiter(
    RedisBackend(url=os.environ["BENCH_REDIS"]), "token", limit=work.RATE or 1, bucket=1000
)
# The guide's default gives up after 20 retries, which would lose messages here.
WAITS = {"min_backoff": 500, "max_backoff": 5000} if os.environ.get("BENCH_TUNED") == "yes" else {}


def _send(number: int) -> None:
    _report(work.keep(number, "sending"))
    code = work.post(number)
    _report(work.keep(number, "sent", code=code))
    if work.FOLLOWED:
        check.send_with_options(args=(number, code), delay=round(work.FIRST_CHECK * 1000))


@dramatiq.actor(queue_name="send", max_retries=None, **WAITS)
def send(number: int) -> None:
    if not work.RATE:
        _send(number)
        return
    with ONE_TOKEN.acquire():
        _send(number)


@dramatiq.actor(queue_name="check")
def check(number: int, code: str) -> None:
    state = work.state_shown(number, code)
    for new in messages.news(work.known_state(number), state):
        _report(work.keep(number, new))
    if state != "delivered":
        check.send_with_options(args=(number, code), delay=round(work.NEXT_CHECK * 1000))


@dramatiq.actor(queue_name="webhook")
def webhook(event: str) -> None:
    work.report(event)


@dramatiq.actor(queue_name="send")
def take(number: int) -> None:
    """The job as it comes in: a record and its first events, then the send."""
    _report(work.keep(number, "queued"))
    send.send(number)


def _report(event: str) -> None:
    if work.FOLLOWED:
        webhook.send(event)


class _Delayed:
    """Checks with a delay, as `bench.peers.produce` puts them in: many in one pipeline, written as `enqueue` does."""

    def __init__(self, seconds: float) -> None:
        self._milliseconds = round(seconds * 1000)

    def bulk(self, count: int) -> None:
        with broker.client.pipeline(transaction=False) as pipeline:

            def enqueue(queue: str, message_id: str, data: bytes) -> None:
                pipeline.hset(f"dramatiq:{queue}.msgs", message_id, data)  # type: ignore[arg-type]  # bytes are right
                pipeline.rpush(f"dramatiq:{queue}", message_id)

            broker.do_enqueue = enqueue
            for number in range(count):
                code = f"20200101{number:08d}"
                check.send_with_options(args=(number, code), delay=self._milliseconds)
            pipeline.execute()


wait_hours, check_soon = _Delayed(6 * 3600), _Delayed(1)
