"""What a worker process counts of its own work. Recording costs no call of Redis: `workers.metrics` sums and shows.

prometheus_client decides when it is imported whether processes share a folder of counts: see `workers.__main__`.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from pec.names import Queue
from workers import catalogue
from workers.catalogue import Metric

SEND_OUTCOMES = ("sent", "uncertain", "invalid", "denied", "too_fast", "unreachable", "given_back")
CHECK_OUTCOMES = ("found", "nothing", "unreadable")
DEED_OUTCOMES = ("done", "failed", "given_back")
_API_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

REGISTRY = CollectorRegistry()


def _counter(of: Metric) -> Counter:
    return Counter(of.name, of.meaning, of.labels, registry=REGISTRY)


def _histogram(of: Metric, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(of.name, of.meaning, of.labels, registry=REGISTRY, buckets=buckets)


SENDS = _counter(catalogue.SENDS)
API_SECONDS = _histogram(catalogue.API_SECONDS, _API_BUCKETS)
API_ERRORS = _counter(catalogue.API_ERRORS)
CHECKS = _counter(catalogue.CHECKS)
LATENESS = _histogram(catalogue.LATENESS, _LATENESS_BUCKETS)
DEEDS = _counter(catalogue.DEEDS)
WEBHOOKS = _counter(catalogue.WEBHOOKS)


def start_at_zero() -> None:
    """A count that begins with its first 1 has no rate: those whose labels are known begin with 0."""
    for outcome in SEND_OUTCOMES:
        SENDS.labels(outcome)
    for outcome in CHECK_OUTCOMES:
        CHECKS.labels(outcome)
    for queue in Queue:
        LATENESS.labels(queue)
        for outcome in DEED_OUTCOMES:
            DEEDS.labels(queue, outcome)
