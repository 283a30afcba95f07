"""The samples of the gauges, computed from an overview: pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pec.names import ENDS, State
from pec.operations.status.overview import Lane, Overview, Token, Work
from pec.store.outbox import EndpointState
from workers.metrics import definitions as names
from workers.metrics.definitions import Metric

Sample = tuple[Metric, tuple[str, ...], float]  # a metric, the values of its labels, its value


def samples(found: Overview) -> Iterator[Sample]:
    """Yield the samples of all gauges."""
    yield from _of_all(found)
    for lane in found.lanes.values():
        yield from _of_lane(found, lane)
    for token in found.tokens.values():
        yield from _of_token(token)
    for work in found.work.values():
        yield from _of_queue(found, work)
    for endpoint in found.endpoints:
        yield from _of_endpoint(endpoint)


def _of_all(found: Overview) -> Iterator[Sample]:
    yield names.REDIS_UP, (), 1
    if found.memory:
        yield from _present([(names.REDIS_MEMORY_USED, (), found.memory.share)])
    yield names.ARCHIVE_AWAY, (), sum(worker.misses_archive for worker in found.workers)
    yield names.API_OUT_OF_REACH, (), sum(worker.api_lost is not None for worker in found.workers)
    yield names.JOBS_WAITING, (), found.jobs
    yield names.JOBS_OLDEST, (), _age(found, found.oldest_job_at)
    yield names.JOBS_REJECTED, (), found.streams["rejected"]
    for state in State:
        yield names.MESSAGES, (state,), found.messages[state]
        if state not in ENDS:
            yield names.MESSAGES_OLDEST, (state,), _age(found, found.oldest_in_state.get(state))
    yield names.MESSAGES_PARKED, (), sum(batch.parked for batch in found.paused_batches)
    yield names.WORKERS, (), len(found.workers)
    yield names.THREADS, (), found.threads
    yield names.THREADS_WORTH, (), sum(token.threads_worth for token in found.tokens.values())
    yield names.SILENT_ANSWERS, (), found.api_failures


def _of_lane(found: Overview, lane: Lane) -> Iterator[Sample]:
    account = (lane.account,)
    yield names.LANE_MESSAGES, account, lane.waiting
    yield names.LANE_OLDEST, account, _age(found, lane.oldest_at)
    yield names.ACCOUNT_SERVED, account, lane.served
    if lane.paused:
        yield names.ACCOUNT_PAUSED, (lane.account, lane.paused.code), 1
    if lane.room.share is not None:
        yield names.MAILBOX_USED, account, lane.room.share
        yield names.MAILBOX_EXPECTED, account, lane.room.share_with_receipts - lane.room.share
    yield names.ROOM_WAIT, account, _age(found, lane.room.waits_since)
    if lane.imap.began_at:
        yield names.IMAP_REFUSED, account, lane.imap.refused is not None
        yield names.IMAP_SILENT, account, _age(found, lane.imap.silent_since)
    yield names.MAILS_PURGED, account, lane.imap.purged


def _of_token(token: Token) -> Iterator[Sample]:
    digest = token.digest
    yield names.SENDS_ALLOWED, (digest,), 1 / token.interval_seconds
    yield names.PACE_USED, (digest,), token.pace_used
    yield names.BACKLOG, (digest,), token.backlog_seconds
    yield names.SENDS_IN_PERIOD, (digest, "day"), token.usage.today
    yield names.SENDS_IN_PERIOD, (digest, "month"), token.usage.this_month
    yield from _present(
        [
            (names.CAP, (digest, "day"), token.daily_cap),
            (names.CAP, (digest, "month"), token.monthly_cap),
            (names.CAP_LEFT, (digest, "day"), token.left_today),
            (names.CAP_LEFT, (digest, "month"), token.left_this_month),
        ]
    )


def _of_queue(found: Overview, work: Work) -> Iterator[Sample]:
    queue = (str(work.queue),)
    yield names.QUEUE_SERVED, queue, work.served
    yield names.SCHEDULED, queue, work.scheduled
    yield names.OVERDUE, queue, work.overdue
    yield names.OVERDUE_AGE, queue, _age(found, work.overdue_since)


def _of_endpoint(endpoint: EndpointState) -> Iterator[Sample]:
    name = (endpoint.name,)
    yield names.ENDPOINT_FAILURES, name, endpoint.failures
    yield names.ENDPOINT_WAITING, name, endpoint.waiting + (endpoint.lag or 0)
    yield names.ENDPOINT_DEAD, name, endpoint.dead
    yield names.ENDPOINT_DISABLED, name, endpoint.disabled


def _present(maybe: Iterable[tuple[Metric, tuple[str, ...], float | None]]) -> Iterator[Sample]:
    for metric, labels, value in maybe:
        if value is not None:
            yield metric, labels, value


def _age(found: Overview, since: datetime | None) -> float:
    return max(0.0, (found.now - since).total_seconds()) if since else 0.0
