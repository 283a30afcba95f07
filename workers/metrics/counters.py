"""Count what one worker process does, its tasks and its calls to the API. `workers.metrics.server` sums and shows it.

prometheus_client decides when it is imported whether processes share a folder of counts: see `workers.__main__`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

from pec.api.client import InboxPage, Mail, Mailbox, PecClient, Quota
from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited, Unreachable
from pec.api.transport import BeforeFirstByte, CheckOpen
from pec.minute_figures import Timed
from pec.names import Queue
from workers.context import WorkerContext
from workers.metrics import definitions, server
from workers.metrics.definitions import Metric
from workers.metrics.minutes import count_call, count_error

SEND_OUTCOMES = (
    "sent",
    "uncertain",
    "invalid",
    "denied",
    "rate_limited",
    "unreachable",
    "given_back",
)
CHECK_OUTCOMES = ("found", "nothing", "unreadable")
SEND = "POST /send"
TASK_OUTCOMES = ("done", "failed", "given_back")
_API_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
KINDS: dict[type[ApiError], str] = {
    Unreachable: "unreachable",
    RateLimited: "rate_limited",
    Invalid: "invalid",
    Denied: "denied",
    OutcomeUnknown: "unknown",
}
log = structlog.get_logger()

REGISTRY = CollectorRegistry()


def _counter(of: Metric) -> Counter:
    return Counter(of.name, of.meaning, of.labels, registry=REGISTRY)


def _histogram(of: Metric, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(of.name, of.meaning, of.labels, registry=REGISTRY, buckets=buckets)


SENDS = _counter(definitions.SENDS)
API_SECONDS = _histogram(definitions.API_SECONDS, _API_BUCKETS)
API_ERRORS = _counter(definitions.API_ERRORS)
CHECKS = _counter(definitions.CHECKS)
LATENESS = _histogram(definitions.LATENESS, _LATENESS_BUCKETS)
TASKS = _counter(definitions.TASKS)
WEBHOOKS = _counter(definitions.WEBHOOKS)


def start_at_zero() -> None:
    """Set counters with known labels to 0. A counter that begins with its first 1 has no rate."""
    for outcome in SEND_OUTCOMES:
        SENDS.labels(outcome)
    for outcome in CHECK_OUTCOMES:
        CHECKS.labels(outcome)
    for queue in Queue:
        LATENESS.labels(queue)
        for outcome in TASK_OUTCOMES:
            TASKS.labels(queue, outcome)


class Metrics(Middleware):
    """Counts how late tasks start and how they end. Only tasks that start are late; skipped ones are counted apart."""

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx

    @property
    def forks(self) -> list[Callable[[], int]]:
        """Return the server's process, which Dramatiq's master starts once, whatever the number of workers."""
        return (
            [server.serve] if self._ctx.settings.metrics_address and definitions.FOLDER in os.environ else []
        )

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        start_at_zero()
        if self._ctx.settings.metrics_address and definitions.FOLDER not in os.environ:
            remedy = f"start with `pec worker`, or set {definitions.FOLDER} to an empty folder"
            log.warning("metrics_not_served", remedy=remedy)

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        due_at = message.options.get("due_at")
        if due_at is not None:
            late = max(0.0, self._ctx.now().timestamp() - due_at)
            LATENESS.labels(message.queue_name).observe(late)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        TASKS.labels(message.queue_name, "failed" if exception else "done").inc()

    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        TASKS.labels(message.queue_name, "given_back").inc()


class MeteredClient(PecClient):
    """The API's client, with its calls counted and timed. Changes nothing of what they do."""

    def send(self, mailbox: Mailbox, body: bytes, before_first_byte: BeforeFirstByte) -> str:
        first_byte_at: list[float] = []

        def note_start(check_open: CheckOpen) -> Callable[[], None] | None:
            first_byte_left = before_first_byte(check_open)
            first_byte_at.append(time.perf_counter())
            return first_byte_left

        outcome = "given_back"  # what `before_first_byte` raises but an ApiError
        try:
            code = super().send(mailbox, body, note_start)
            outcome = "sent"
            return code
        except ApiError as error:
            outcome = "uncertain" if isinstance(error, OutcomeUnknown) else KINDS[type(error)]
            _count_error(SEND, error)
            raise
        finally:
            SENDS.labels(outcome).inc()
            for started in first_byte_at:
                took = time.perf_counter() - started
                API_SECONDS.labels(SEND).observe(took)
                count_call(Timed.SEND, took)

    def receipts(self, mailbox: Mailbox, code: str) -> list[Mail]:
        outcome = "unreadable"
        try:
            with _timed("GET /send/{code}"):
                found = super().receipts(mailbox, code)
            outcome = "found" if found else "nothing"
            return found
        except NotFound:
            outcome = "nothing"
            raise
        finally:
            CHECKS.labels(outcome).inc()

    def delete_receipts(self, mailbox: Mailbox, code: str) -> None:
        with _timed("DELETE /send/{code}"):
            super().delete_receipts(mailbox, code)

    def inbox(self, mailbox: Mailbox, query: str | None = None, page: int | None = None) -> InboxPage:
        with _timed("GET /inbox"):
            return super().inbox(mailbox, query, page)

    def inbox_message(self, mailbox: Mailbox, message_id: int | str) -> Mail:
        with _timed("GET /inbox/{id}"):
            return super().inbox_message(mailbox, message_id)

    def delete_inbox_message(self, mailbox: Mailbox, message_id: int | str) -> None:
        with _timed("DELETE /inbox/{id}"):
            super().delete_inbox_message(mailbox, message_id)

    def quota(self, mailbox: Mailbox, name: str = "inbox") -> Quota:
        with _timed("GET /quota/{mailbox}"):
            return super().quota(mailbox, name)


@contextmanager
def _timed(operation: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    except ApiError as error:
        _count_error(operation, error)
        raise
    finally:
        took = time.perf_counter() - started
        API_SECONDS.labels(operation).observe(took)
        count_call(Timed.READ, took)


def _count_error(operation: str, error: ApiError) -> None:
    if kind := KINDS.get(type(error)):
        API_ERRORS.labels(operation, kind).inc()
        count_error(Timed.SEND if operation == SEND else Timed.READ, kind)
