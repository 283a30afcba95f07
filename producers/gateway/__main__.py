"""The process: `python -m producers.gateway` binds the port, and serves by uvicorn until a signal stops it."""

import os
import socket
import ssl
import sys
import tempfile
from argparse import ArgumentParser
from typing import NoReturn

import uvicorn
from uvicorn.supervisors import Multiprocess

from config.logs import configure_logging
from config.redis_url import host_and_port
from config.settings import Gateway, Settings, load_settings
from pec.http.listener import listen, url_of
from pec.http.server_protocol import MAX_HEAD_BYTES, GuardedProtocol

METRICS_FOLDER = (
    "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported, so it is set before
)
STOP_SECONDS = 25  # for requests in hand; a container's grace is 30
IDLE_SECONDS = 30  # that a connection is kept for the next request
MAX_CONNECTIONS = 4000  # of one process


def main() -> None:
    """Serve until a signal stops this process. Exit with 2 if the port or the certificate can't be used."""
    parser = ArgumentParser(prog="pec gateway")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_json)
    _check_certificate(settings.gateway)
    listener = _listen(options.host, options.port)
    with tempfile.TemporaryDirectory(prefix="pec-gateway-") as folder:
        os.environ[METRICS_FOLDER] = folder
        _serve_metrics(settings.gateway.metrics_address)
        sys.stdout.write(url_of(listener, "https" if settings.gateway.tls_cert else "http") + "\n")
        sys.stdout.flush()
        _serve(listener, options.workers, settings)


def _serve(listener: socket.socket, workers: int, settings: Settings) -> None:
    gateway = settings.gateway
    config = uvicorn.Config(
        "producers.gateway.app:create_app",
        factory=True,
        workers=workers,
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(gateway.trusted_proxies),
        forwarded_allow_ips=gateway.trusted_proxies,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=gateway.tls_cert or None,
        ssl_keyfile=gateway.tls_key or None,
    )
    if workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


def _serve_metrics(address: str) -> None:
    """Serve metrics if the settings say where. A port in use stops nothing but the metrics."""
    if not address:
        return
    from producers.gateway import metrics  # once the folder is set

    try:
        metrics.serve(host_and_port(address))
    except OSError as error:
        sys.stderr.write(f"pec gateway: no metrics on {address} ({error.strerror}): free the port\n")


def _check_certificate(gateway: Gateway) -> None:
    if not gateway.tls_cert:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(gateway.tls_cert, gateway.tls_key)
    except (OSError, ssl.SSLError) as error:
        _fail(f"can't use {gateway.tls_cert} with {gateway.tls_key} ({error}): give a PEM pair")


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        _fail(f"can't listen on {host}, port {port} ({error.strerror}): choose another --host or --port")


def _fail(text: str) -> NoReturn:
    sys.stderr.write(f"pec gateway: {text}\n")
    raise SystemExit(2)


if __name__ == "__main__":
    main()
