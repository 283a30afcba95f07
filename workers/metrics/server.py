"""The exposition: a process that Dramatiq runs beside the workers, which answers Prometheus on one port for them all.

Counters and histograms come from the folder that the worker processes share, gauges from Redis, at each scrape.
"""

import multiprocessing
import os
import socket
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import redis
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.logs import configure_logging
from config.probe import INSTALLATION, WORKERS, installation
from config.redis_connection import connect
from config.redis_refusals import logged
from config.redis_url import host_and_port
from config.settings import Settings, load_settings
from pec.operations.status.load_overview import load_overview
from pec.store.store import Store
from workers.metrics import definitions
from workers.metrics.gauges import Sample, samples
from workers.metrics.probes import Probes
from workers.metrics.server_mark import marked

REDIS_SECONDS = 1.5  # a scrape does not wait longer for an answer of Redis, and asks once
AGAIN_SECONDS = 5.0  # until a port in use is tried again
CLIENT_SECONDS = 10.0
TEXT = "text/plain; charset=utf-8"
log = structlog.get_logger()


def serve() -> int:
    """Serve until Dramatiq's master stops it (SIGTERM) or is gone. A port in use stops nothing but the metrics."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_json)
    with marked(Path(os.environ[definitions.FOLDER])), listening(settings) as server:
        log.info("metrics_served", address=settings.metrics_address)
        server.serve_forever()
    return 0


class RedisGauges(Collector):
    """Reads the overview when it is asked."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for metric, labels, value in self._samples():
            if metric.name not in families:
                families[metric.name] = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            families[metric.name].add_metric(labels, value)
        yield from families.values()

    def _samples(self) -> list[Sample]:
        try:
            return list(samples(load_overview(self._store, self._settings)))
        except redis.RedisError as error:
            log.warning("redis_unavailable", thread="metrics", **logged(error))
            return [(definitions.REDIS_UP, (), 0)]


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    timeout = CLIENT_SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest(self.server.registry))
        elif probe := self.server.probes.get(path):
            self._probed(*probe())
        else:
            self._answer(404, TEXT, b"The metrics are at /metrics.\n")

    def _probed(self, problems: Sequence[str], count: int) -> None:
        lines = problems or ["ok"]
        self._answer(503 if problems else 200, TEXT, "".join(f"{line}\n" for line in lines).encode(), count)

    def _answer(self, status: int, content_type: str, body: bytes, count: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if count is not None:
            self.send_header(WORKERS, str(count))
            self.send_header(INSTALLATION, self.server.installation)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        log.debug("metrics_requested", answer=format % args)


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a client that dawdles holds up neither others nor the end

    def __init__(self, settings: Settings) -> None:
        host, port = host_and_port(settings.metrics_address)
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        super().__init__((host, port), _Handler)
        self.registry = CollectorRegistry()
        MultiProcessCollector(self.registry, os.environ[definitions.FOLDER])  # type: ignore[no-untyped-call]  # it has no types
        store = Store(
            connect(settings.redis_url, timeout_seconds=REDIS_SECONDS, retries=0), settings.namespace
        )
        self.registry.register(RedisGauges(store, settings))
        self.installation = installation(settings.redis_url, settings.namespace)
        probes = Probes(settings, store, Path(os.environ[definitions.FOLDER]), REDIS_SECONDS)
        self.probes = {"/healthz": probes.alive, "/readyz": probes.ready, "/installation": probes.sound}

    def service_actions(self) -> None:
        """Between requests, and twice a second."""
        _end_with_the_master()


def listening(settings: Settings) -> _Server:
    """Wait for the port, which a worker that is stopping may still hold."""
    logged = False
    while True:
        try:
            return _Server(settings)
        except OSError as error:
            if not logged:
                _log_unserved(settings, error)
            logged = True
        _end_with_the_master()
        time.sleep(AGAIN_SECONDS)


def _log_unserved(settings: Settings, error: OSError) -> None:
    remedy = "free the port, or set PEC_METRICS_ADDRESS to another; sending goes on without metrics meanwhile"
    log.error("metrics_not_served", address=settings.metrics_address, error=str(error), remedy=remedy)


def _end_with_the_master() -> None:
    """End with the master. If it was killed, it can't stop this process, and the port must be free for the next."""
    master = multiprocessing.parent_process()
    if master is not None and os.getppid() != master.pid:
        raise SystemExit(0)
