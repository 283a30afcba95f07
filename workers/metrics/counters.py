"""Count what one worker process does, without a call to Redis. `workers.metrics.server` sums and shows it.

prometheus_client decides when it is imported whether processes share a folder of counts: see `workers.__main__`.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from pec.names import Queue
from workers.metrics import definitions
from workers.metrics.definitions import Metric

SEND_OUTCOMES = (
    "sent",
    "uncertain",
    "invalid",
    "denied",
    "rate_limited",
    "unreachable",
    "message_given_back",
)
CHECK_OUTCOMES = ("found", "nothing", "unreadable")
TASK_OUTCOMES = ("done", "failed", "message_given_back")
_API_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

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
    """A count that begins with its first 1 has no rate: those whose labels are known begin with 0."""
    for outcome in SEND_OUTCOMES:
        SENDS.labels(outcome)
    for outcome in CHECK_OUTCOMES:
        CHECKS.labels(outcome)
    for queue in Queue:
        LATENESS.labels(queue)
        for outcome in TASK_OUTCOMES:
            TASKS.labels(queue, outcome)
