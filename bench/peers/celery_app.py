"""Celery, as its documentation has it: `rate_limit` on the task, `self.retry(countdown=…)` for what is not there yet.

`rate_limit` holds for one worker instance: "to enforce a global rate limit you must restrict to a given queue". Tuned
by its pages: a timer finer than a second, and threads, since the work waits. (With its gevent pool some of the acks
failed, and messages were sent twice.)
"""

import os

from celery import Celery

from bench.peers import messages, work

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_timer_precision=0.1,
    worker_disable_rate_limits=not work.RATE,
)
LIMIT = {"rate_limit": f"{work.RATE}/s"} if work.RATE else {}


@app.task(name="send", **LIMIT)
def send(number: int) -> None:
    _report(work.keep(number, "sending"))
    code = work.post(number)
    _report(work.keep(number, "sent", code=code))
    if work.FOLLOWED:
        check.apply_async((number, code), countdown=work.FIRST_CHECK)


@app.task(name="check", bind=True, max_retries=None)
def check(self, number: int, code: str) -> None:  # type: ignore[no-untyped-def]
    state = work.state_shown(number, code)
    for new in messages.news(work.known_state(number), state):
        _report(work.keep(number, new))
    if state != "delivered":
        raise self.retry(countdown=work.NEXT_CHECK)


@app.task(name="webhook")
def webhook(event: str) -> None:
    work.report(event)


@app.task(name="take")
def take(number: int) -> None:
    _report(work.keep(number, "queued"))
    send.delay(number)


def _report(event: str) -> None:
    if work.FOLLOWED:
        webhook.delay(event)
