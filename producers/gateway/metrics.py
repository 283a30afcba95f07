"""The gateway's metrics, counted by each of its processes and served by the first one on a port of their own."""

import os
import socket
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name for where processes keep what they count
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

REQUESTS = Counter("pec_gateway_requests_total", "requests by operation and status", ("operation", "status"))
SECONDS = Histogram(
    "pec_gateway_seconds",
    "duration of requests, from their head to the end of the answer",
    ("operation",),
    buckets=_SECONDS,
)
REFUSALS = Counter("pec_gateway_refusals_total", "refused requests by status and code", ("status", "code"))
REPEATS = Counter("pec_gateway_repeats_total", "requests that got the answer of an earlier one again")
MESSAGES = Counter("pec_gateway_messages_total", "PEC that were enqueued", ("surface",))
IN_PROGRESS = Gauge("pec_gateway_in_progress", "requests in progress", multiprocess_mode="livesum")


def serve(address: tuple[str, int]) -> WSGIServer:
    """Serve the sums over all processes. Raise OSError if the port is in use."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, os.environ[FOLDER])  # type: ignore[no-untyped-call]  # it has no types
    host, port = address
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    server, _ = start_http_server(port, "::" if family == socket.AF_INET6 and not host else host, registry)
    return server
